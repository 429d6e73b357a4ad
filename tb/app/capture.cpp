// SPDX-License-Identifier: Apache-2.0
//
// A run is a function of its command, so that its transactions need not be kept.
#include "tb/app/capture.h"

#include <unistd.h>

#include <unordered_map>

#include "tb/app/run.h"
#include "tb/app/sources.h"
#include "tb/errors.h"
#include "tb/failure/finished_run.h"

namespace kilburn::tb {
namespace {

namespace fs = std::filesystem;
using arch::u64;

// Ends the repeated run.
struct Captured {
  CapturedTransaction transaction;
};

// The words that a walk reads now, kept for when the run is gone.
ReadWord words_read(arch::Format format, const arch::Settings& settings, const OpenRequest& open, os::PhysMem& memory) {
  auto words = std::make_shared<std::unordered_map<u64, u64>>();
  arch::walk(format, settings, open.context, open.request, [&](u64 pa) -> std::optional<u64> {
    if (pa + 8 > memory.size()) return std::nullopt;
    return words->emplace(pa, memory.load64(pa)).first->second;
  });
  return [words](u64 pa) -> std::optional<u64> {
    const auto word = words->find(pa);
    return word == words->end() ? std::nullopt : std::optional(word->second);
  };
}

// A response that stands at a port now.
void look(Lockstep& lockstep, u64 cycle, const std::string& dut) {
  if (lockstep.cycle() < cycle) return;
  for (const Side side : {Side::data, Side::instruction}) {
    const kilburn_req_out& out = side == Side::data ? lockstep.out().d : lockstep.out().i;
    if (!out.rsp_valid) continue;
    const OpenRequest& open = lockstep.history().open_request(side, out.rsp_id);
    if (!open.open) continue;
    CapturedTransaction t;
    t.cycle = lockstep.cycle();
    t.format = static_cast<arch::Format>(lockstep.dut().api().config.format);
    t.settings = lockstep.settings();
    t.context = open.context;
    t.request = open.request;
    t.read = words_read(t.format, t.settings, open, lockstep.memory());
    t.answer = {static_cast<arch::Fault>(out.rsp_fault),
                out.rsp_pa,
                out.rsp_err,
                out.rsp_level,
                out.rsp_size,
                out.rsp_mt,
                out.rsp_global != 0};
    t.dut = dut;
    throw Captured{std::move(t)};
  }
}

}  // namespace

std::optional<CapturedTransaction> capture_run(const fs::path& folder, u64 cycle) {
  const FinishedRun run = read_finished_run(folder);
  auto options = parse_run_options(run.command);
  if (!options) throw UserError(folder.string() + " names no command that could be repeated");
  if (options->has_os() && options->dut_is_model()) {
    throw UserError("the run in " + folder.string() + " was made on the model " + options->dut +
                    " itself, without pins and cycles");
  }
  if (options->has_harts()) {
    throw UserError("the run in " + folder.string() + " was made on several MMUs; one of them is explained only alone");
  }
  options->out = fs::temp_directory_path() / ("kilburn-explain-" + std::to_string(getpid()));
  options->waves = Waves::never;
  options->watch_from = cycle;
  options->watch_against = run.of_b;
  options->watch = [&](Lockstep& lockstep) { look(lockstep, cycle, run.of_b ? options->against : options->dut); };
  const struct Removed {
    const fs::path& folder;
    ~Removed() {
      std::error_code ec;
      fs::remove_all(folder, ec);
    }
  } removed{options->out};
  fs::create_directories(options->out);
  try {
    repeat(*options);
  } catch (Captured& captured) {
    return std::move(captured.transaction);
  }
  return std::nullopt;
}

}  // namespace kilburn::tb
