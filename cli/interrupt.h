#pragma once

namespace biossl::cli {

/// From here on a wish to stop is only remembered, so that a run can stop in order: SIGINT, SIGTERM, SIGHUP (the
/// terminal is gone), SIGPIPE (the reader of the output is gone), SIGXCPU, SIGUSR1 and SIGUSR2 (a batch system's
/// warning that time is up). A second SIGINT or SIGTERM kills; a terminal that closes may send SIGHUP twice, which does
/// not. What was ignored when the program was started, as by nohup, is ignored still.
void catch_interrupts();
/// The signal that has come first; 0: none.
int caught_signal();

}  // namespace biossl::cli
