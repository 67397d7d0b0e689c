#pragma once

namespace biossl::cli {

/// From here on these signals only record a request to stop, so that a run can stop in an orderly way: SIGINT, SIGTERM,
/// SIGHUP (the terminal has closed), SIGPIPE (the reader of the output has closed), SIGXCPU, SIGUSR1 and SIGUSR2 (a
/// batch system announces the end of its time). A second SIGINT or SIGTERM kills; a second SIGHUP, which a closing
/// terminal may send, does not. Signals that were ignored at the start, as under nohup, stay ignored.
void catch_interrupts();
/// The first signal received; 0: none.
int caught_signal();

}  // namespace biossl::cli
