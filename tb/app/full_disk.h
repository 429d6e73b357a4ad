// SPDX-License-Identifier: Apache-2.0
//
// The writer of FST files maps its files into memory. Where the disk has no room for a page of them, the host answers
// with SIGBUS and not with an error that could be told.
#pragma once

#include <filesystem>

namespace kilburn::tb {

// What a run with waves leaves in its folder, finished or not; the first is there as long as any is written.
inline constexpr const char* kWaveFiles[] = {"waves.fst",          "waves.fst.hier",   "waves.fst.new",
                                             "waves.fst.new.hier", "transactions.ftr", "transactions.ftr.new"};

// From now on a page of the waves in `folder` for which there is no room ends the process with one sentence and exit
// status 3, and without these waves. Any other SIGBUS is the crash that it is.
void watch_for_full_disk(const std::filesystem::path& folder);

}  // namespace kilburn::tb
