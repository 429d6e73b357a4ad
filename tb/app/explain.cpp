// SPDX-License-Identifier: Apache-2.0
//
// Brings context, tables and a DUT together for one access.
#include "tb/app/explain.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "tb/app/explain_options.h"
#include "tb/app/settings.h"
#include "tb/dut/loader.h"
#include "tb/dut/models/models.h"
#include "tb/explain/explanation_json.h"
#include "tb/lockstep/systemc_process.h"
#include "tb/stimulus/dump_memory.h"
#include "tb/stimulus/mappings.h"
#include "tb/stimulus/single_access.h"
#include "tb/stimulus/vector_memory.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

// Makes the DUT of the options and runs `body` with it over `memory`. The twin does not watch: a DUT that is wrong is
// to be shown, not stopped.
void with_dut(const std::string& name, arch::Format format, const arch::Settings& settings, os::PhysMem& memory,
              const std::function<void(SingleAccess&)>& body) {
  const DutLibrary library = DutLibrary::load(name, format);
  if (library.api().config.cfg_pins == 0 && !(arch::settings_of(format, library.api().config.cfg) == settings)) {
    throw UserError("DUT " + name +
                    " has no configuration pins and was built with other settings; --dut none leaves "
                    "it out");
  }
  run_in_systemc(
      [&] {
        if (name == "tlm") elaborate_tlm_duts(format, 1);
      },
      [&](const Advance& advance) {
        Dut dut(library, 1);
        LockstepConfig config;
        config.settings = settings;
        config.exact = false;
        Lockstep lockstep(dut, memory, config);
        lockstep.on_quantum = [&] { advance(config.quantum); };
        SingleAccess port(lockstep);
        body(port);
      });
}

// The access as people see it: 1 if the DUT's answer differs.
int show(const Explanation& told, const std::string& heading, const std::string& dut, bool json_wanted,
         boost::json::object more) {
  if (json_wanted) {
    more["explanation"] = json(told);
    if (!dut.empty()) more["dut"] = dut;
    std::cout << boost::json::serialize(more) << "\n";
  } else {
    std::cout << heading << "\n";
    for (const std::string& line : lines(told)) std::cout << line << "\n";
    if (!dut.empty()) std::cout << "  (DUT: " << dut << ")\n";
  }
  if (!std::cout.flush()) throw EnvironmentError("the explanation cannot be written");
  return std::all_of(told.compared.begin(), told.compared.end(), [](const ComparedField& row) { return row.agrees; })
             ? 0
             : 1;
}

std::string recorded_text(const VectorAccess& access) {
  std::string text =
      access.fault == arch::Fault::none ? "translated to " + hex(access.pa) : std::string(arch::name(access.fault));
  if (access.fault == arch::Fault::page) text += ", error code " + hex(access.error);
  for (const VectorWord& word : access.updated) text += "; word at " + hex(word.pa) + " becomes " + hex(word.value);
  return text + (access.source.empty() ? "" : " (" + access.source + ")");
}

int explain_vector(const ExplainOptions& options) {
  VectorReader reader = VectorReader::open(options.vectors.string());
  CpuVector vector;
  do {
    if (!reader.next(vector)) {
      throw UserError(options.vectors.string() + " holds no vector " + std::to_string(options.vector));
    }
  } while (vector.number != options.vector);
  if (options.access > vector.accesses.size()) {
    throw UserError("vector " + std::to_string(options.vector) + " of " + options.vectors.string() + " has " +
                    std::to_string(vector.accesses.size()) + " accesses; there is no access " +
                    std::to_string(options.access));
  }
  const VectorAccess& access = vector.accesses[options.access - 1];
  const arch::Format format = reader.format();

  // The words as the accesses before this one left them: by the DUT if there is one, else by the walk.
  VectorMemory memory;
  memory.set(vector.words);
  const ReadWord now = [&](arch::u64 pa) { return memory.look(pa); };
  std::vector<VectorWord> before;
  std::optional<DutAnswer> answer;
  if (options.dut.empty()) {
    for (const VectorAccess& earlier : vector.accesses) {
      if (&earlier == &access) break;
      const auto outcome = arch::walk(format, vector.settings, vector.context, earlier.request, now);
      for (const arch::EntryWrite& write : outcome.writes) memory.store64(write.pa, write.desired);
    }
    before = memory.words();
  } else {
    with_dut(options.dut, format, vector.settings, memory, [&](SingleAccess& port) {
      for (const VectorAccess& each : vector.accesses) {
        before = memory.words();
        const DutAnswer given = port.translate(vector.context, each.request);
        if (&each != &access) continue;
        answer = given;
        break;
      }
    });
  }
  memory.set(before);
  const Explanation told = explain(format, vector.settings, vector.context, access.request, now, answer);
  const std::string place = options.vectors.string() + ":" + std::to_string(access.line) + ": vector " +
                            std::to_string(vector.number) + ", access " + std::to_string(options.access);
  const std::string recorded = recorded_text(access);
  return show(told, place + "\n  recorded: " + recorded, options.dut, options.json,
              {{"place", place}, {"recorded", recorded}});
}

int explain_dump(const ExplainOptions& options) {
  const ElfDump dump = ElfDump::open(options.dump.string());
  arch::Settings usual;
  usual.pa_width = 52;  // the dump does not say
  DumpTablesChoice choice;
  choice.root = options.root;
  choice.levels = options.levels;
  choice.cpu = options.cpu;
  const arch::Settings settings = parse_settings(arch::Format::x86_64, usual, options.settings);
  choice.pa_width = settings.pa_width;
  DumpTables tables = tables_of(dump, choice);
  tables.settings = settings;
  tables.context.pkru = options.pkru;
  tables.context.pkrs = options.pkrs;

  DumpMemory memory(dump);
  std::optional<DutAnswer> answer;
  if (!options.dut.empty()) {
    with_dut(options.dut, arch::Format::x86_64, settings, memory,
             [&](SingleAccess& port) { answer = port.translate(tables.context, options.request); });
  }
  // As they stand in the dump. Holes read as 0, as they do for the DUT.
  const ReadWord read = [&](arch::u64 pa) {
    return pa + 8 > memory.size() ? std::nullopt : std::optional(dump.load64(pa).value_or(0));
  };
  const Explanation told = explain(arch::Format::x86_64, settings, tables.context, options.request, read, answer);
  return show(told, options.dump.string(), options.dut, options.json, {{"place", options.dump.string()}});
}

int explain_run(const ExplainOptions& options, const CaptureRun& capture) {
  if (!capture) throw UserError("a run cannot be repeated by this build");
  const auto found = capture(options.run, options.cycle);
  if (!found) {
    throw UserError("the run in " + options.run.string() + " has no response in cycle " +
                    std::to_string(options.cycle) + " or later");
  }
  const Explanation told =
      explain(found->format, found->settings, found->context, found->request, found->read, found->answer);
  const std::string place = options.run.string() + ": response in cycle " + std::to_string(found->cycle);
  return show(told, place, found->dut, options.json, {{"place", place}, {"cycle", found->cycle}});
}

}  // namespace

int explain_command(const std::vector<std::string>& arguments, const CaptureRun& capture) {
  const auto options = parse_explain_options(arguments);
  if (!options) return 0;
  if (!options->vectors.empty()) return explain_vector(*options);
  if (!options->dump.empty()) return explain_dump(*options);
  return explain_run(*options, capture);
}

}  // namespace kilburn::tb
