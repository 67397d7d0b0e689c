#pragma once

namespace biossl::cli {

/// Makes threads that wait for each other sleep instead of spinning, unless the user has chosen (OMP_WAIT_POLICY).
/// Alone on a machine that makes little difference; beside other work, spinning threads keep the
/// very ones they wait for from running, and a step takes five times as long. OpenMP's runtime reads its environment
/// when it is loaded, so the program starts itself anew; where it cannot, all is right, and slower.
void sleep_while_waiting(char** argv);

}  // namespace biossl::cli
