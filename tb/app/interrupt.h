// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C and termination as a flag that the loops look at once a quantum.
#pragma once

namespace kilburn::tb {

// From now on SIGINT and SIGTERM set the flag; a second one kills the process as usual.
void watch_for_interrupts();
bool interrupted();

}  // namespace kilburn::tb
