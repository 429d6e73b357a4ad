// SPDX-License-Identifier: Apache-2.0
//
// Each check of the self-test fails for an adapter that is wrong in its way. The right DUT inside is the RTL, which has
// several requests a port under way, waves and a view of its contents.
#include "tests/catch.h"
#include "tests/unit/conformance/misfit.h"
#include "tests/unit/conformance/self_test.h"

using namespace kilburn;
using namespace kilburn::test;

namespace {

struct Bite {
  Misfit misfit;
  const char* check;  // that must fail
};

const Bite kBites[] = {
    {Misfit::drop, "R5 all answered"},
    {Misfit::duplicate, "R3 one response each"},
    {Misfit::delay_for_ever, "R5 all answered"},
    {Misfit::unasked, "R3 one response each"},
    {Misfit::other_port, "R3 one response each"},
    {Misfit::swap_ids, "R3 ids"},
    {Misfit::pulse, "R2 offers stand"},
    {Misfit::held_changes, "R2 offers stand"},
    {Misfit::memory_changes, "R2 offers stand"},
    {Misfit::payload_lingers, "widths and zeros"},
    {Misfit::wide, "widths and zeros"},
    {Misfit::other_context, "R4 own context"},
    {Misfit::ack_lost, "R6 acknowledges"},
    {Misfit::ack_twice, "R6 acknowledges"},
    {Misfit::ready_early, "R6 acknowledges"},
    {Misfit::ack_early, "R7 not from before"},
    {Misfit::memory_twice, "R9 memory ids"},
    {Misfit::write_more, "R10 page-table writes"},
    {Misfit::loud_reset, "reset is quiet"},
    {Misfit::remembers, "reset is quiet"},
    {Misfit::combinational, "R1 only what is valid"},
    {Misfit::shared_state, "instances apart"},
    {Misfit::clock_of_day, "same seed, same run"},
    {Misfit::leak, "create and destroy"},
    {Misfit::no_instance, "create and destroy"},
    {Misfit::probe_beyond, "view of the contents"},
    {Misfit::probe_lies, "view of the contents"},
    {Misfit::waves_anywhere, "waves"},
    {Misfit::waves_disturb, "waves"},
    {Misfit::unknown_bug, "seeded bugs"},
    {Misfit::unlisted_bug, "seeded bugs"},
};

}  // namespace

TEST_CASE("the wrapper of the misfits is right without one") {
  CHECK(failed(self_test(misfit_dut(rtl(), Misfit::none))).empty());
}

TEST_CASE("every check fails for an adapter that is wrong in its way") {
  for (const Bite& bite : kBites) {
    INFO("misfit " << static_cast<int>(bite.misfit) << " against \"" << bite.check << "\"");
    const auto checks = self_test(misfit_dut(rtl(), bite.misfit));
    CHECK(failed(checks).count(bite.check) == 1);
  }
}

TEST_CASE("every check is shown to bite") {
  std::set<std::string> shown = {"contract"};  // below
  for (const Bite& bite : kBites) shown.insert(bite.check);
  for (const auto& check : self_test(misfit_dut(rtl(), Misfit::none))) CHECK(shown.count(check.name) == 1);
}

TEST_CASE("a broken contract is named, and nothing else is run") {
  const auto with = [](auto change) {
    static kilburn_dut_api api;
    api = rtl();
    change(api);
    return self_test(tb::DutLibrary::wrap(api, "broken"));
  };
  const auto contract_fails = [](const std::vector<tb::ConformanceCheck>& checks) {
    return checks.size() == 1 && checks[0].name == "contract" && !checks[0].passed;
  };
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.magic ^= 1; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.abi += 1; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.in_size -= 8; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.config_size += 4; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.clock = nullptr; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.name = nullptr; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.waves_close = nullptr; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.config.format = 7; })));
  CHECK(contract_fails(with([](kilburn_dut_api& api) { api.config.cfg_pins = 0, api.config.cfg = 1u << 30; })));
  CHECK_FALSE(contract_fails(with([](kilburn_dut_api&) {})));
}
