#pragma once

namespace biossl::cli {

/// Makes waiting threads sleep instead of spinning, unless the user has set OMP_WAIT_POLICY. Spinning threads delay the
/// threads that they wait for: beside other work a step takes five times as long. On an idle machine the difference is
/// small. OpenMP reads its environment when it is loaded, so the program restarts itself; if it cannot, it only runs
/// slower.
void sleep_while_waiting(char** argv);

}  // namespace biossl::cli
