// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --dump`, and the listing of its mappings.
#include <iostream>

#include "tb/app/sources.h"
#include "tb/errors.h"
#include "tb/stimulus/dump_test.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

DumpTables tables(const RunOptions& options, const ElfDump& dump) {
  DumpTablesChoice choice;
  choice.root = options.root;
  if (options.levels != 0) choice.levels = options.levels;
  choice.cpu = options.cpu;
  choice.pa_width = options.settings.pa_width;
  DumpTables found = tables_of(dump, choice);
  found.settings = options.settings;
  return found;
}

}  // namespace

void check_dump(const RunOptions& options) { tables(options, ElfDump::open(options.dump.string())); }

int list_mappings(const RunOptions& options) {
  const ElfDump dump = ElfDump::open(options.dump.string());
  // Counted first, so that a refused dump prints nothing.
  const DumpTables found = tables(options, dump);
  enumerate_mappings(dump, found, options.max_mappings, [](const Mapping&) {});
  enumerate_mappings(dump, found, options.max_mappings, [](const Mapping& m) { std::cout << text(m) << "\n"; });
  if (!std::cout.flush()) throw EnvironmentError("the list of mappings cannot be written");
  return 0;
}

void run_dump(const RunOptions& options, const DutLibrary& library, Result& result) {
  run_with_dut(options, [&](const Advance& advance) {
    const ElfDump dump = ElfDump::open(options.dump.string());
    DumpMemory memory(dump);
    Session session(options, library, memory, advance);
    DumpTestConfig config;
    config.seed = options.seed;
    config.most = options.max_mappings;
    config.count = options.count_given ? options.count : 0;
    DumpTest test(session.lockstep(), dump, memory, tables(options, dump), config);
    session.show([&] { return grouped(test.answered()) + " translations"; });
    session.run([&] { test.run(); }, result);

    const DumpTestResult& r = test.result();
    result.translation.insert(result.translation.begin(), {{"mappings", r.found.mappings},
                                                           {"malformed entries", r.found.malformed},
                                                           {"tables outside the dump", r.found.outside},
                                                           {"mappings translated", r.mappings},
                                                           {"accesses beside mappings", r.neighbours},
                                                           {"requests", r.requests},
                                                           {"invalidations", r.invalidations},
                                                           {"page-table words with A or D set", r.changed_words}});
    for (unsigned code = 1; code < 16; ++code) {
      if (r.faults[code] != 0) {
        result.faults.emplace_back(std::string(arch::name(static_cast<arch::Fault>(code))), r.faults[code]);
      }
    }
    result.comparisons.emplace_back("translations", test.answered());
    result.notes = summary(r.found);
    if (result.failure && result.failure->check == "dump") result.failure->details = test.explanation();
  });
}

}  // namespace kilburn::tb
