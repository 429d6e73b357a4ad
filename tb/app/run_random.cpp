// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --test random`.
#include "sw/hw/ram.h"
#include "tb/app/sources.h"
#include "tb/errors.h"
#include "tb/stimulus/random_test.h"
#include "tb/text.h"

namespace kilburn::tb {

void run_random(const RunOptions& options, const DutLibrary& library, Result& result) {
  run_with_dut(options, [&](const Advance& advance) {
    os::RamMem memory(RandomTables::kMemoryBytes);
    Session session(options, library, memory, advance);
    RandomTestConfig config{options.format, options.count, options.seed};
    config.vary_settings = !options.settings_given && library.api().config.cfg_pins != 0;
    config.settled_phases = !options.check_exact && !options.check_admissible;
    config.features = library.api().config.features;
    if (options.has_against())
      config.features &= DutLibrary::load(options.against, options.format).api().config.features;
    config.races = options.check_admissible;
    RandomTest test(session.lockstep(), config);
    session.show([&] { return grouped(test.answered()) + " of " + grouped(options.count) + " responses"; });
    session.run([&] { test.run(); }, result);
    const RandomTestResult& r = test.result();
    result.translation.insert(result.translation.begin(), {{"requests", r.requests},
                                                           {"responses", test.answered()},
                                                           {"invalidations", r.invalidations},
                                                           {"TLB fills by software", r.fills},
                                                           {"page-table edits", r.edits},
                                                           {"restarts with other settings", r.restarts}});
    if (r.compared != 0) result.comparisons.emplace_back("responses against the architecture's walk", r.compared);
    collect_faults(r.faults, result);
  });
}

}  // namespace kilburn::tb
