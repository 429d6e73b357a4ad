// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a coverage.json: they are refused with a reason, or what was read is written and read the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tb/coverage/file.h"
#include "tb/errors.h"

using namespace kilburn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The corpus outlives changes of the model: its files say @ where the fingerprint stands.
  std::string text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kModel = "@model@";
  if (const auto at = text.find(kModel); at != std::string::npos) {
    text.replace(at, kModel.size(), coverage::Model::get().fingerprint());
  }
  try {
    const auto run = coverage::parse_file(text, "fuzz");
    const auto again = coverage::parse_file(coverage::file_text(run), "fuzz");
    if (run.hits != again.hits || run.command != again.command) std::abort();
  } catch (const tb::UserError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz: ")) std::abort();
  }
  return 0;
}
