// SPDX-License-Identifier: Apache-2.0
//
// P64: every one of the 64 properties has been seen to fail, by its own id, in a run that breaks it.
#include "sw/check/properties.h"

#include <iomanip>
#include <iostream>
#include <map>

#include "sw/check/audit.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/property_trips.h"

namespace kilburn::os {

namespace {

std::vector<test::Trip> all_trips() {
  std::vector<test::Trip> all;
  for (const auto& part : {test::mutant_trips(), test::frame_trips(), test::area_trips(), test::table_trips(),
                           test::storage_trips(), test::run_trips()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

// Broken in tests of their own.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {{"P48", "M30, reclaim_test"},
                                                                        {"P51", "M31, reclaim_test"},
                                                                        {"P52", "M32, reclaim_test"},
                                                                        {"P54", "M33, reclaim_test"},
                                                                        {"P59", "M34, oom_test"}};

TEST_CASE("properties: the table has P1 to P64, in order") {
  REQUIRE(properties().size() == 64);
  for (size_t n = 0; n < 64; ++n) {
    const Property& p = properties()[n];
    CHECK(p.id == "P" + std::to_string(n + 1));
    CHECK_FALSE(p.text.empty());
    CHECK_FALSE(p.where.empty());
    CHECK(property(p.id) == &p);
  }
  CHECK(property("P65") == nullptr);
  // What the audits say of themselves is in the table, as theirs.
  for (const std::string_view id : audit_ids()) {
    INFO(id);
    REQUIRE(property(id) != nullptr);
    CHECK(property(id)->when != When::test);
  }
}

TEST_CASE("properties: each fails in a run that breaks it, with its own id") {
  std::map<std::string, std::string> broken_by;
  for (const test::Trip& trip : all_trips()) {
    INFO(trip.id << " by " << trip.by);
    const std::string id = test::tripped(trip.run);
    CHECK(id == trip.id);
    if (id != trip.id) continue;
    std::string& by = broken_by[id];
    by += (by.empty() ? "" : "; ") + trip.by;
  }
  for (const auto& [id, by] : kElsewhere) {
    std::string& known = broken_by[std::string(id)];
    known = std::string(by) + (known.empty() ? "" : "; ") + known;
  }
  std::cout << "property  when      broken by\n";
  for (const Property& p : properties()) {
    INFO(p.id);
    CHECK(broken_by.count(std::string(p.id)) == 1);
    std::cout << std::left << std::setw(10) << p.id << std::setw(10) << name(p.when) << broken_by[std::string(p.id)]
              << "\n";
  }
}

TEST_CASE(
    "properties: runs that must be alike are, flipped bits are found (P36, P37, P47, P61, P62), nothing trips without "
    "a bug") {
  test::intact_runs();
  test::intact_mutants();
  CHECK(test::skewed_entries() > 0);  // A that hardware set early is no difference
}

TEST_CASE("properties: audits at every fault pass on a recorded program") {
  for (const arch::Format format : test::kFormats) {
    INFO(arch::name(format));
    Config c;
    c.format = format;
    c.frames = 36;
    c.audit_at = AuditAt::fault;
    c.max_references = 20000;
    test::Machine<> m(c);
    test::run_mini(m);
    CHECK(m.kernel.statistics().audits >= m.kernel.statistics().faults_seen);
  }
}

}  // namespace
}  // namespace kilburn::os
