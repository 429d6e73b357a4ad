// SPDX-License-Identifier: Apache-2.0
//
// The replay in Verilator without its optimisations, and without the C++ compiler's: a library built anew from the
// RTL, loaded like any DUT, with an adapter of its own that takes no short cut either.
#include <chrono>
#include <fstream>
#include <iterator>
#include <set>

#include "tb/dut/loader.h"
#include "tb/errors.h"
#include "tb/second_opinion/pins.h"
#include "tb/second_opinion/simulators.h"
#include "tb/second_opinion/tool.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using arch::u64;

namespace {

constexpr const char* kLibrary = "kilburn_dut_unoptimized.so";

std::string first_error(const fs::path& file, const std::string& otherwise) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("rror") != std::string::npos) return line;
  }
  return otherwise;
}

void build(const Tool& verilator, const PinLogHeader& header, const Rtl& rtl, const fs::path& folder,
           const ReplayProgress& progress) {
  const fs::path source = replay_folder();
  // -O0 leaves out every optimisation; the last -O counts.
  std::vector<std::string> arguments = {"--cc",
                                        "--exe",
                                        "--build",
                                        "-O0",
                                        "--noassert",
                                        "-Wno-lint",
                                        "-Wno-style",
                                        "-Wno-fatal",
                                        "--x-assign",
                                        "unique",
                                        "--x-initial",
                                        "unique",
                                        "--prefix",
                                        "Vunoptimized",
                                        "--top-module",
                                        rtl.top,
                                        "--Mdir",
                                        "verilator",
                                        "-o",
                                        std::string("../") + kLibrary,
                                        "-CFLAGS",
                                        "-std=c++20 -fPIC -O0 -fvisibility=hidden -I" + source.string() +
                                            " -DKILBURN_DUT_FORMAT=" + std::to_string(header.format),
                                        "-LDFLAGS",
                                        "-shared -Wl,-Bsymbolic -Wl,-z,nodelete"};
  // The same RTL is often built again.
  if (Tool::is_there("ccache")) arguments.insert(arguments.end(), {"-MAKEFLAGS", "OBJCACHE=ccache"});
  for (const auto& word : rtl.parameters) arguments.push_back("-G" + word);
  std::set<std::string> folders;
  for (const auto& file : rtl.files) {
    if (rtl.given && folders.insert(file.parent_path().string()).second) {
      arguments.push_back("-I" + file.parent_path().string());
    }
  }
  for (const auto& file : rtl.files) arguments.push_back(file.string());
  arguments.push_back((source / "tb/dut/verilated_unoptimized.cpp").string());
  const ToolResult result = verilator.run(arguments, folder, {}, [&] {
    if (progress) progress(0);
  });
  if (result.status == 0) return;
  const std::string message =
      "verilator does not build the RTL: " + first_error(folder / "verilator.err", result.first_message);
  if (rtl.given) throw UserError(message);
  throw EnvironmentError(message);
}

std::string version_of(const Tool& verilator, const fs::path& folder) {
  std::string version = "unknown";
  verilator.run({"--version"}, folder, [&](const std::string& line) {
    const auto from = line.find(' ') + 1;
    version = line.substr(from, line.find(' ', from) - from);
    return false;
  });
  return version;
}

std::string hex_digits(u64 value) {
  char text[19];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

void replay_in_verilator(const PinLog& log, const Rtl& rtl, const fs::path& folder, const ReplayProgress& progress,
                         Opinion& opinion) {
  const Tool verilator = Tool::find("verilator", "verilator");
  opinion.version = version_of(verilator, folder);
  build(verilator, log.header, rtl, folder, progress);
  const auto library =
      DutLibrary::load(fs::absolute(folder / kLibrary).string(), static_cast<arch::Format>(log.header.format));

  const auto start = std::chrono::steady_clock::now();
  Dut dut(library, log.header.seed);
  PinLog::Reader reader(log);
  PinCycle cycle;
  kilburn_dut_out out;
  for (u64 n = 0; reader.next(cycle) && !opinion.difference; ++n) {
    if (n == 0)
      dut.reset(cycle.in.cfg, out);
    else
      dut.clock(cycle.in, out);
    for (const auto& pin : kOutputPins) {
      if (opinion.difference || pin.value(out) == pin.value(cycle.out)) continue;
      opinion.difference = PinDifference{std::string(pin.name), opinion.first_cycle + n, pin.value(cycle.out),
                                         hex_digits(pin.value(out)), false};
    }
    if (!opinion.difference) opinion.cycles = n;
    if (progress && n % 65536 == 65535) progress(n);
  }
  opinion.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace kilburn::tb
