#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/adam.h"

// All layers that change in a training step are updated in one launch.
namespace biossl::cuda {
namespace {

constexpr std::size_t most_layers = 24;  // per launch: limited by the size of kernel arguments

/// The numbers that an optimiser changes per element: the value and up to two numbers of state.
struct Places {
  const float* update;
  float *value, *first, *second;
};

/// Change{}(places, j, coefficients of the layer) for every element j of every layer.
template <class Change>
struct Layers {
  struct Layer {
    Places places;
    typename Change::Coefficients coefficients;
    std::int64_t begin;  // of its elements among all
  };
  Layer of[most_layers];
  int count = 0;

  __device__ void operator()(std::int64_t i) const {
    int which = count - 1;
    while (i < of[which].begin) --which;
    Change{}(of[which].places, i - of[which].begin, of[which].coefficients);
  }
};

struct AdamChange {
  struct Coefficients {
    shared::AdamCoefficients<float> adam;
    float lost;
  };
  __device__ void operator()(const Places& its, std::int64_t j, const Coefficients& coefficients) const {
    const float increment = shared::adam_increment(coefficients.adam, its.update[j], its.first[j], its.second[j]);
    its.value[j] += increment - coefficients.lost * its.value[j];
  }
};

struct SgdChange {
  struct Coefficients {
    float momentum, rate, lost;
  };
  __device__ void operator()(const Places& its, std::int64_t j, const Coefficients& coefficients) const {
    its.first[j] = coefficients.momentum * its.first[j] + its.update[j];
    const float increment = -coefficients.rate * its.first[j];
    its.value[j] += increment - coefficients.lost * its.value[j];
  }
};

/// coefficients_of(step): the coefficients of one layer.
template <class Change, class CoefficientsOf>
void change_together(std::span<ParameterStep* const> steps, const CoefficientsOf& coefficients_of) {
  for (std::size_t first = 0; first < steps.size(); first += most_layers) {
    Layers<Change> layers;
    std::int64_t elements = 0;
    for (ParameterStep* step : steps.subspan(first, std::min(most_layers, steps.size() - first))) {
      float* second = step->state.size() > 1 ? step->state[1].data<float>() : nullptr;
      layers.of[layers.count++] = {
          {step->update.data<float>(), step->values.data<float>(), step->state[0].data<float>(), second},
          coefficients_of(*step),
          elements};
      elements += step->values.size();
    }
    for_each(elements, layers);
  }
}

}  // namespace

void adam_step(const Adam& adam, std::span<ParameterStep* const> steps) {
  change_together<AdamChange>(steps, [&](const ParameterStep& step) {
    return AdamChange::Coefficients{shared::adam_coefficients<float>(adam, step.learning_rate, step.number),
                                    shared::lost_share<float>(step, adam.weight_decay)};
  });
}

void sgd_step(const Sgd& sgd, std::span<ParameterStep* const> steps) {
  change_together<SgdChange>(steps, [&](const ParameterStep& step) {
    return SgdChange::Coefficients{static_cast<float>(sgd.momentum), static_cast<float>(step.learning_rate),
                                   shared::lost_share<float>(step, sgd.weight_decay)};
  });
}

}  // namespace biossl::cuda
