// What a kind of views says that it makes: nobody divides by such numbers, or takes memory by them, before they are
// looked at.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "biossl/data/views.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr std::int64_t huge = std::int64_t{1} << 40;

ViewPlan handed_over(const void* data, const Settings& /*settings*/, const Shape& /*image*/) {
  return *static_cast<const ViewPlan*>(data);
}

/// Lets a kind of views state any plan, and takes that back.
class PlansOfViews : public ::testing::Test {
 protected:
  PlansOfViews() : usual_(ViewsRegistry::instance().find("identity")) {
    ViewsRegistry::Entry stating = usual_;
    stating.traits.plan = {&handed_over, &stated_};
    ViewsRegistry::instance().replace("identity", stating);
  }
  ~PlansOfViews() override { ViewsRegistry::instance().replace("identity", usual_); }

  ViewPlan plan_of(const ViewPlan& stated) {
    stated_ = stated;
    return plan_views({"identity", {}}, {8, 8, 3});
  }
  void expect_refused(const ViewPlan& stated, const std::string& told) {
    EXPECT_THAT([&] { plan_of(stated); },
                ThrowsMessage<std::invalid_argument>(
                    AllOf(StartsWith("[views] kind = \"identity\": the plan has "), HasSubstr(told))));
  }

  ViewPlan stated_;
  ViewsRegistry::Entry usual_;
};

TEST_F(PlansOfViews, ArePassedOnWhereTheyMakeSense) {
  const ViewPlan plan = plan_of({.image = {4, 4, 1}, .grid = {3, 2}, .views = 1, .mean = -2, .deviation = 0.5});
  EXPECT_EQ(plan.rows(5), 30);
  EXPECT_EQ(plan.image, (Shape{4, 4, 1}));
  EXPECT_NO_THROW(plan_of({.image = {1, 1, 1}, .grid = {65536, 65536}, .views = 256}));
  EXPECT_NO_THROW(plan_of({.image = {8, 8, 3}, .square = 8}));
}

TEST_F(PlansOfViews, HaveFromOneToManyParts) {
  expect_refused({.image = {4, 4, 1}, .grid = {0, 0}}, "2 views of 0x0 patches");
  expect_refused({.image = {4, 4, 1}, .grid = {0, 7}}, "between 1 and 65536");
  expect_refused({.image = {4, 4, 1}, .grid = {-1, -1}}, "-1x-1 patches");
  expect_refused({.image = {4, 4, 1}, .grid = {huge, huge}}, "1099511627776x1099511627776 patches");
  expect_refused({.image = {4, 4, 1}, .views = 0}, "0 views");
  expect_refused({.image = {4, 4, 1}, .views = 65537}, "65537 views");
}

TEST_F(PlansOfViews, HaveImagesWithinBounds) {
  expect_refused({}, "images of shape");
  expect_refused({.image = {4, 4}}, "images of shape (4, 4)");
  expect_refused({.image = {0, 4, 1}}, "images of shape (0, 4, 1)");
  expect_refused({.image = {huge, 1, 1}, .views = 2}, "more than 2^40 numbers");
  expect_refused({.image = {2, 1, 1}, .grid = {65536, 65536}, .views = 256}, "more than 2^40 numbers");
}

TEST_F(PlansOfViews, ScaleByFiniteNumbers) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  for (const double mean : {infinite, -infinite, std::numeric_limits<double>::quiet_NaN()}) {
    expect_refused({.image = {4, 4, 1}, .mean = mean}, "must be finite");
  }
  for (const double deviation : {0.0, -1.0, infinite, std::numeric_limits<double>::quiet_NaN()}) {
    expect_refused({.image = {4, 4, 1}, .deviation = deviation}, "the deviation positive");
  }
  expect_refused({.image = {4, 4, 1}, .square = -1}, "a square of -1 pixels");
}

}  // namespace
}  // namespace biossl
