// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --test random --harts N`: several MMUs on one memory, one admissibility checker over all of them.
#include "sw/hw/ram.h"
#include "tb/app/harts_session.h"
#include "tb/app/sources.h"
#include "tb/stimulus/harts_test.h"

namespace kilburn::tb {
void run_harts(const RunOptions& options, const DutLibrary& library, Result& result) {
  run_with_dut(options, [&](const Advance& advance) {
    os::RamMem memory(RandomTables::kMemoryBytes);
    HartsSession session(options, library, memory, advance);
    HartsTestConfig config{options.format, options.count, options.seed};
    config.vary_settings = !options.settings_given && library.api().config.cfg_pins != 0;
    config.features = library.api().config.features;
    HartsTest test(session.harts(), config);
    session.run([&] { test.run(); }, result);
    const HartsTestResult& r = test.result();
    Result::Figures figures = {{"harts", options.harts},
                               {"requests", r.requests},
                               {"responses", test.answered()},
                               {"invalidations", r.invalidations},
                               {"TLB fills by software", r.fills},
                               {"page-table edits", r.edits},
                               {"invalidated on every hart", r.shootdowns},
                               {"invalidated on one hart", r.lone_invalidations},
                               {"restarts with other settings", r.restarts}};
    for (unsigned n = 0; n < r.responses.size(); ++n) {
      figures.emplace_back("responses of hart " + std::to_string(n), r.responses[n]);
    }
    result.translation.insert(result.translation.begin(), figures.begin(), figures.end());
    collect_faults(r.faults, result);
  });
}

}  // namespace kilburn::tb
