#pragma once

namespace biossl::cli {

/// From here on the first SIGINT or SIGTERM is only remembered, so that a run can stop in order; a second one kills.
void catch_interrupts();
/// The signal that has come; 0: none.
int caught_signal();

}  // namespace biossl::cli
