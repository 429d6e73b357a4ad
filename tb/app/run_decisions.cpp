// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --test decisions`.
#include "sw/hw/ram.h"
#include "tb/app/sources.h"
#include "tb/stimulus/decisions.h"
#include "tb/text.h"

namespace kilburn::tb {

void run_decisions(const RunOptions& options, const DutLibrary& library, Result& result) {
  run_with_dut(options, [&](const Advance& advance) {
    os::RamMem memory(DecisionsTest::kMemoryBytes);
    Session session(options, library, memory, advance);
    RandomTestConfig config{options.format, options.count, options.seed};
    config.vary_settings = !options.settings_given && library.api().config.cfg_pins != 0;
    config.features = library.api().config.features;
    DecisionsTest test(session.lockstep(), config);
    const DecisionsResult& r = test.result();
    session.show([&] { return grouped(r.answered) + " of " + grouped(options.count) + " responses"; });
    session.run([&] { test.run(); }, result);
    result.translation.insert(result.translation.begin(),
                              {{"responses", r.answered}, {"restarts with other settings", r.restarts}});
    result.comparisons.emplace_back("responses against the architecture's walk", r.compared);
    collect_faults(r.faults, result);
  });
}

}  // namespace kilburn::tb
