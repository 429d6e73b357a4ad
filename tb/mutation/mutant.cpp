// SPDX-License-Identifier: Apache-2.0
//
// The random test on a mutant.
#include "tb/mutation/mutant.h"

#include <algorithm>
#include <optional>

#include "sw/hw/ram.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/stimulus/random_test.h"

namespace kilburn::mutation {
namespace {

// Looks on without end: a rejection does not stop the run.
class PatientMonitor final : public tb::PassiveMonitor {
 public:
  explicit PatientMonitor(tb::PassiveMonitor& monitor) : monitor_(monitor) {}
  os::PhysMem& software_memory() override { return monitor_.software_memory(); }
  tb::WalkerObserver& walkers() override { return monitor_.walkers(); }
  void reset(const arch::Settings& settings) override { monitor_.reset(settings); }
  void begin(u64 cycle) override { monitor_.begin(cycle); }
  bool cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) override { return monitor_.cycle(in, out), true; }
  bool quantum(u64 cycle) override { return monitor_.quantum(cycle), true; }
  bool finish(u64 cycle) override { return monitor_.finish(cycle), true; }
  Finding finding() const override { return monitor_.finding(); }

 private:
  tb::PassiveMonitor& monitor_;
};

// The rule at the beginning of a message, "R3: a response ..."; the name of the check where there is none.
std::string rule_of(const tb::DutWrong& wrong) {
  if (!wrong.difference.signal.empty()) return wrong.difference.signal;
  const std::string message = wrong.what();
  const auto colon = message.find(':');
  if (colon == std::string::npos || colon > 16) return wrong.check;
  return message.substr(0, colon);
}

struct Run {
  os::RamMem memory{tb::RandomTables::kMemoryBytes};
  tb::Dut dut;
  admissible::Checker checker;
  admissible::LockstepMonitor monitor;
  PatientMonitor patient;
  std::optional<tb::Lockstep> lockstep;
  std::optional<tb::RandomTest> test;

  Run(const tb::DutLibrary& library, const Mutant& mutant, Judge judge, bool stops, u64 seed, u64 count,
      const admissible::Relaxations& relaxations)
      : dut(library, seed),
        checker({mutant.format, {}, relaxations, {}}, memory),
        monitor(checker, 0, memory),
        patient(monitor) {
    dut.select_bug(mutant.id);
    tb::LockstepConfig config;
    config.seed = seed;
    config.exact = judge == Judge::exact;
    if (judge == Judge::admissible) {
      config.answer_limit = ~u64{0};  // W8 says so
      config.monitor = stops ? static_cast<tb::PassiveMonitor*>(&monitor) : &patient;
    }
    lockstep.emplace(dut, memory, config);
    test.emplace(*lockstep, tb::RandomTestConfig{.format = mutant.format,
                                                 .count = count,
                                                 .seed = seed,
                                                 .vary_settings = library.api().config.cfg_pins != 0,
                                                 .races = true,
                                                 .features = library.api().config.features});
  }
};

}  // namespace

std::vector<Mutant> mutants_of(const std::string& dut, const tb::DutLibrary& library) {
  std::vector<Mutant> mutants;
  const kilburn_dut_api& api = library.api();
  if (api.bugs == nullptr) return mutants;
  for (const char* const* bug = api.bugs; *bug != nullptr; ++bug) {
    const std::string text = *bug;  // ID, sentence and source, separated by tabs
    const auto tab = text.find('\t');
    const auto tab2 = tab == std::string::npos ? tab : text.find('\t', tab + 1);
    Mutant mutant{dut, static_cast<arch::Format>(api.config.format), text.substr(0, tab), "", ""};
    if (tab != std::string::npos) mutant.sentence = text.substr(tab + 1, tab2 - tab - 1);
    if (tab2 != std::string::npos) mutant.source = text.substr(tab2 + 1);
    mutants.push_back(std::move(mutant));
  }
  return mutants;
}

Finding run_seed(const tb::DutLibrary& library, const Mutant& mutant, Judge judge, u64 seed, u64 count,
                 const admissible::Relaxations& relaxations) {
  Run run(library, mutant, judge, true, seed, count, relaxations);
  Finding finding;
  try {
    run.test->run();
    run.lockstep->finish();
  } catch (const tb::DutWrong& wrong) {
    finding.rule = rule_of(wrong);
    const std::string message = wrong.what();
    finding.message = message.substr(0, message.find('\n'));
  }
  finding.seed = seed;
  finding.responses = run.test->answered();
  return finding;
}

Finding run_seeds(const tb::DutLibrary& library, const Mutant& mutant, Judge judge, const Effort& effort) {
  u64 before = 0;
  Finding finding;
  for (u64 n = 0; n < effort.seeds && !finding.found(); ++n) {
    const u64 share = std::max<u64>(1, effort.count / effort.seeds);
    finding = run_seed(library, mutant, judge, effort.first_seed + n, share, effort.relaxations);
    before = finding.responses += before;
  }
  return finding;
}

std::vector<std::string> rules_of(const tb::DutLibrary& library, const Mutant& mutant, u64 seed, u64 count,
                                  const admissible::Relaxations& relaxations) {
  Run run(library, mutant, Judge::admissible, false, seed, count, relaxations);
  std::vector<std::string> rules;
  try {
    run.test->run();
    run.lockstep->finish();
  } catch (const tb::DutWrong& wrong) {
    if (run.checker.rejections().empty()) rules.push_back(rule_of(wrong));  // else what the bug led to
  }
  for (const auto& rejection : run.checker.rejections()) rules.push_back(rejection.rule);
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  return rules;
}

}  // namespace kilburn::mutation
