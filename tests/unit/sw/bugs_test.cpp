// SPDX-License-Identifier: Apache-2.0
//
// Each seeded bug is caught by the check that is meant for it, and by the end-to-end checks alone where a
// program can see it; the same run without the bug passes.
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using test::tripped;

Config config(arch::Format format, Bug bug, u32 frames = 36) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.audit_every = 700;
  c.bug = bug;
  return c;
}
// What remains when the checks that know the kernel's inside are off.
Config only_end_to_end(Config c) {
  c.check_order = false;
  c.check_translation = false;
  c.check_contents = false;
  c.check_calls = false;
  return c;
}
Config without(Config c, std::vector<std::string> ids) {
  c.checks_off = std::move(ids);
  return c;
}

// For steps inside tripped(), where an assertion of Catch would swallow the violation.
void must(bool ok) {
  if (!ok) throw std::logic_error("a step of the test failed");
}

std::string mini(const Config& c) {
  return tripped([&] {
    test::Machine<> m(c);
    test::run_mini(m);
  });
}

TEST_CASE("bugs: every one has a name") {
  CHECK(bug_names().size() == 57);
  for (const BugName& b : bug_names()) CHECK(bug_from_id(b.id) == b.bug);
  CHECK_FALSE(bug_from_id("M0"));
}

TEST_CASE("bugs: the recorded program finds those that need no TLB") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    CHECK(mini(config(format, Bug::none)) == "");
    CHECK(mini(config(format, Bug::lost_dirty, format == arch::Format::alpha ? 24 : 36)) == "P32");
    CHECK(mini(config(format, Bug::early_free)) == "P29");
    CHECK(mini(config(format, Bug::no_coalescing)) == "P12");
    CHECK(mini(config(format, Bug::slot_leak)) == "P46");
    CHECK(mini(config(format, Bug::protect_stale)) == "P28");
    CHECK(mini(config(format, Bug::fork_stale)) == "P28");
    CHECK(mini(config(format, Bug::swap_word_valid)) == "P33");
    CHECK(mini(config(format, Bug::no_zero_fill)) == "P30");
    CHECK(mini(without(config(format, Bug::no_zero_fill), {"P30"})) == "oracle");
    CHECK(mini(config(format, Bug::early_table_free)) == "P29");
    CHECK(mini(config(format, Bug::early_invalidate)) == "P29");
  }
}

TEST_CASE("bugs: M1, a store between ageing and eviction, loses bytes") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug) {
      Config c = only_end_to_end(config(format, bug, 24));
      c.audit_every = 0;
      c.strict = true;
      return tripped([&] {
        test::Machine<> m(c);
        Process& p = m.kernel.spawn();
        const u64 a = m.kernel.mmap_anywhere(p, 60 * m.page(), kRead | kWrite, {1, 0});
        for (int round = 0; round < 4; ++round) {
          for (u64 n = 0; n < 60; ++n) {
            must(m.load(p, a + n * m.page()));
            if (n >= 4) must(m.store(p, a + (n - 4) * m.page() + 8));
          }
        }
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none) == "");
    CHECK(run(Bug::lost_dirty) == "oracle");
  }
}

TEST_CASE("bugs: M2, a late store reaches a frame that was freed too early") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug) {
      Config c = only_end_to_end(config(format, bug));
      c.strict = true;
      return tripped([&] {
        test::Machine<test::TlbPort> m(c, true);  // with a store buffer
        Process& p = m.kernel.spawn();
        const u64 a = m.kernel.mmap_anywhere(p, 4 * m.page(), kRead | kWrite);
        must(m.store(p, a + m.page()));
        must(m.store(p, a));
        must(m.kernel.munmap(p, a, m.page()) == 0);
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none) == "");
    CHECK(run(Bug::early_free) == "P8");
  }
}

TEST_CASE("bugs: M11, a store through a stale translation after mprotect") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug, bool check_translation) {
      Config c = only_end_to_end(config(format, bug));
      c.strict = true;
      c.check_translation = check_translation;
      bool survived = false;
      const std::string id = tripped([&] {
        test::Machine<test::TlbPort> m(c);
        Process& p = m.kernel.spawn();
        const u64 a = m.kernel.mmap_anywhere(p, m.page(), kRead | kWrite);
        must(m.store(p, a));
        must(m.kernel.mprotect(p, a, m.page(), kRead) == 0);
        survived = m.store(p, a);
        m.kernel.finish();
      });
      return std::pair(id, survived);
    };
    CHECK(run(Bug::none, true) == std::pair(std::string(), false));  // SIGSEGV
    CHECK(run(Bug::protect_stale, true).first == "P27");
    CHECK(run(Bug::protect_stale, false).second);  // the wrong that the check is for: the store went through
  }
}

TEST_CASE("bugs: M12, the parent writes into the page that it shares with its child") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug, bool check_translation) {
      Config c = only_end_to_end(config(format, bug));
      c.strict = true;
      c.check_translation = check_translation;
      return tripped([&] {
        test::Machine<test::TlbPort> m(c);
        Process& parent = m.kernel.spawn();
        const u64 a = m.kernel.mmap_anywhere(parent, m.page(), kRead | kWrite);
        must(m.store(parent, a));
        Process& child = m.kernel.fork(parent);
        must(m.store(parent, a));
        must(m.load(child, a));
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none, true) == "");
    CHECK(run(Bug::fork_stale, true) == "P27");
    CHECK(run(Bug::fork_stale, false) == "oracle");
  }
}

TEST_CASE("bugs: M13 and M17 are caught from outside too") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    CHECK(mini(only_end_to_end(config(format, Bug::swap_word_valid))) != "");
    CHECK(mini(only_end_to_end(config(format, Bug::no_zero_fill))) == "oracle");
  }
}

TEST_CASE("bugs: M6 and M7 show at the end if at no audit before") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    for (const Bug bug : {Bug::no_coalescing, Bug::slot_leak}) {
      Config c = only_end_to_end(config(format, bug));
      c.audit_every = 0;
      CHECK(mini(c) == (bug == Bug::slot_leak ? "P46" : "P12"));
    }
  }
}

TEST_CASE("bugs: M5, a walker that looks ahead between the invalidation and the clearing") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](Bug bug, YieldPolicy yield) {
      Config c = config(format, bug);
      c.strict = true;
      c.check_order = false;
      c.yield = yield;
      return tripped([&] {
        test::Machine<test::TlbPort> m(c);
        Process& p = m.kernel.spawn();
        const u64 a = m.kernel.mmap_anywhere(p, 2 * m.page(), kRead | kWrite);
        must(m.store(p, a));
        must(m.kernel.munmap(p, a, m.page()) == 0);
        m.load(p, a);  // SIGSEGV, unless the TLB has the page again
        m.kernel.finish();
      });
    };
    CHECK(run(Bug::none, YieldPolicy::every) == "");
    CHECK(run(Bug::early_invalidate, YieldPolicy::every) == "P27");
  }
}

TEST_CASE("bugs: M10, a count of 8 bits and 300 sharers") {
  const auto run = [](Bug bug, std::vector<std::string> off) {
    return tripped([&] {
      Config c = without(config(arch::Format::x86_64, bug, 2000), std::move(off));
      c.strict = true;
      test::Machine<> m(c);
      Process& p = m.kernel.spawn();
      const u64 a = m.kernel.mmap_anywhere(p, m.page(), kRead | kWrite);
      must(m.store(p, a));
      std::vector<Process*> children;
      for (int n = 0; n < 300; ++n) children.push_back(&m.kernel.fork(p));
      m.kernel.audit();
      m.kernel.finish();
    });
  };
  CHECK(run(Bug::none, {}) == "");
  CHECK(run(Bug::narrow_count, {}) == "P3");
  CHECK(run(Bug::narrow_count, {"P3"}) == "P4");
}

// M19: a block comes apart with an entry unset.
std::string split(arch::Format format, Bug bug, std::vector<std::string> off) {
  return tripped([&] {
    Config c = without(config(format, bug, 1800), std::move(off));
    c.strict = true;
    c.huge = true;
    c.audit_every = 0;
    test::Machine<> m(c);
    Process& p = m.kernel.spawn();
    const u64 a = u64{2048} * m.page();
    must(m.kernel.mmap(p, a, 512 * m.page(), kRead | kWrite) == 0);
    for (u64 n = 0; n < 512; ++n) must(m.store(p, a + n * m.page()));
    must(m.kernel.memory().khugepaged(*p.space, 1) == 1);
    must(m.kernel.munmap(p, a, m.page()) == 0);
    m.kernel.audit();
  });
}

TEST_CASE("bugs: M19, the walk does not lead to a page that a split forgot") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    CHECK(split(format, Bug::none, {}) == "");
    CHECK(split(format, Bug::split_hole, {}) == "P22");  // munmap has changed an entry outside
    CHECK(split(format, Bug::split_hole, {"P22"}) == "P3");
    CHECK(split(format, Bug::split_hole, {"P22", "P3"}) == "P25");
  }
}

// M20: with audits that look at the roots alone, bugs that the audits are for survive; that the audits look away is
// itself found.
std::string audited(Bug bug, bool roots_only, std::vector<std::string> off) {
  return tripped([&] {
    Config c = without(only_end_to_end(config(arch::Format::x86_64, bug, 24)), std::move(off));
    c.roots_only = roots_only;
    c.strict = true;
    test::Machine<> m(c);
    Process& p = m.kernel.spawn();
    const u64 a = m.kernel.mmap_anywhere(p, 40 * m.page(), kRead | kWrite);
    for (u64 n = 0; n < 12; ++n) must(m.store(p, a + n * m.page()));
    Process& child = m.kernel.fork(p);
    must(m.store(child, a));
    must(m.kernel.munmap(child, a + m.page(), 6 * m.page()) == 0);
    if (bug == Bug::no_coalescing) must(m.kernel.munmap(p, a + m.page(), 6 * m.page()) == 0);
    for (u64 n = 12; n < 40 && bug == Bug::slot_leak; ++n) must(m.store(p, a + n * m.page()));
    for (u64 n = 0; n < 12 && bug == Bug::slot_leak; ++n) must(m.load(p, a + n * m.page()));
    m.kernel.audit();
  });
}

TEST_CASE("bugs: M20, M6 to M9 survive a checker that evaluates the roots only") {
  for (const auto& [bug, id] : {std::pair(Bug::no_coalescing, "P12"),
                                {Bug::slot_leak, "P46"},
                                {Bug::asid_ignored, "P34"},
                                {Bug::free_mapped, "P2"}}) {
    INFO(id);
    CHECK(audited(bug, false, {}) == id);
    CHECK(audited(bug, true, {"P64"}) == "");
    CHECK(audited(bug, true, {}) == "P64");
  }
  CHECK(audited(Bug::none, false, {}) == "");
  CHECK(audited(Bug::roots_only, false, {}) == "P64");
}

}  // namespace
}  // namespace kilburn::os
