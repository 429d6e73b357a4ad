// SPDX-License-Identifier: Apache-2.0
//
// The writer of FST files maps its files into memory. Where the disk has no room for a page of them, the host answers
// with SIGBUS and not with an error that could be told.
#pragma once

#include <filesystem>

namespace kilburn::tb {

// From now on that ends the process with one sentence and exit status 3, without the waves that it was writing into
// `folder`.
void watch_for_full_disk(const std::filesystem::path& folder);

}  // namespace kilburn::tb
