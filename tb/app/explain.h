// SPDX-License-Identifier: Apache-2.0
//
// `kilburn explain`: one translation in words, from recorded vectors, a memory dump or a finished run.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tb/explain/explanation.h"

namespace kilburn::tb {

// A transaction of a finished run: what was asked, the memory as the walk saw it, what the DUT answered and when.
struct CapturedTransaction {
  arch::u64 cycle = 0;  // of the response
  arch::Format format = arch::Format::x86_64;
  arch::Settings settings;
  arch::Context context;
  arch::Request request;
  ReadWord read;
  DutAnswer answer;
  std::string dut;
};

// Repeats the run of a folder up to the first response at or after `cycle`; nullopt if there is none. Throws UserError
// for a folder that is no run's.
using CaptureRun =
    std::function<std::optional<CapturedTransaction>(const std::filesystem::path& folder, arch::u64 cycle)>;

int explain_command(const std::vector<std::string>& arguments, const CaptureRun& capture);

}  // namespace kilburn::tb
