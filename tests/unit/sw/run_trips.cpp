// SPDX-License-Identifier: Apache-2.0
//
// Pairs of runs that are alike, until one of them is broken; TLB entries with flipped bits.
#include "model/arch/layout.h"
#include "sw/check/compare.h"
#include "sw/hw/soft_tlb_port.h"
#include "tests/unit/sw/property_trips.h"
#include "tests/unit/sw/trip_machine.h"

namespace kilburn::os::test {

namespace {

constexpr u64 kBase = 0x200000;

// Two processes, each with its own bytes at one address; more pages than frames; one is killed by a store to a page
// that it may only read.
template <class Port>
RunOutcome run(const Config& c, LogRecorder* log = nullptr) {
  Machine<Port> m(c);
  m.kernel.record(log);
  Process& p = m.kernel.spawn();
  Process& q = m.kernel.spawn();
  for (Process* r : {&p, &q}) must(m.kernel.mmap(*r, kBase, 40 * 8192, kRead | kWrite) == 0);
  for (u64 n = 0; n < 40; ++n) {
    for (Process* r : {&p, &q}) {
      must(m.store(*r, kBase + n * 8192 + 16 * r->id));
      must(m.load(*r, kBase + n / 2 * 8192 + 16 * r->id));
    }
  }
  for (int round = 0; round < 2; ++round) {  // pages that come in by a load and are stored to later
    for (u64 n = 0; n < 40; ++n) {
      must(m.load(p, kBase + n * 8192 + 64));
      if (n >= 4) must(m.store(p, kBase + (n - 4) * 8192 + 64));
    }
  }
  must(m.kernel.mprotect(q, kBase, 8192, kRead) == 0);
  m.store(q, kBase);
  for (u64 n = 0; n < 40; ++n) must(m.load(p, kBase + n * 8192));
  m.kernel.finish();
  return outcome_of(m.kernel);
}

Config paging(arch::Format format, Bug bug = Bug::none, u32 frames = 40) {
  Config c = trip_config(bug, format);
  c.frames = frames;
  return bug == Bug::none ? c : unchecked(c);
}

void software_refill(Bug bug) {
  Config c = paging(arch::Format::alpha);
  const RunOutcome walker = run<ArchMmuPort>(c);
  c = paging(arch::Format::alpha, bug);
  c.refill = RefillMode::software;
  const RunOutcome soft = run<SoftTlbPort>(c);
  require_same_results("P36", walker, soft);
  require_same_faults("P36", walker, soft);
}

void formats(Bug bug) {
  const RunOutcome x86 = run<ArchMmuPort>(paging(arch::Format::x86_64));
  for (const arch::Format format : {arch::Format::alpha, arch::Format::alpha_x64}) {
    require_same_results("P37", x86, run<ArchMmuPort>(paging(format, bug)));
  }
}

void frames(Bug bug) {
  for (const arch::Format format : kFormats) {
    const RunOutcome many = run<TlbPort>(paging(format, bug, 400));
    require_same_results("P47", many, run<TlbPort>(paging(format, bug, 40)));
    require_same_results("P47", many, run<TlbPort>(paging(format, bug, 27)));
  }
}

// The second log is that of the port with a TLB; `change` breaks one of its entries.
template <class Change>
u64 logs(Change change, Bug bug = Bug::none) {
  LogRecorder model, other;
  const Config c = paging(arch::Format::x86_64);
  run<ArchMmuPort>(c, &model);
  run<TlbPort>(paging(arch::Format::x86_64, bug), &other);
  const PteFormat& format = PteFormat::of(c.format);
  change(format, other.events);
  return require_equal_but_for_a(format, model.events, other.events);
}

void dirty_lost(const PteFormat& format, std::vector<MmEvent>& events) {
  for (MmEvent& e : events) {
    if (e.kind == MmEvent::Kind::entry && format.view(e.old_word).dirty) {
      e.old_word = format.with_dirty(e.old_word, false);
      return;
    }
  }
}
void accessed_early(const PteFormat& format, std::vector<MmEvent>& events) {
  for (MmEvent& e : events) {
    if (e.kind == MmEvent::Kind::entry && format.view(e.new_word).kind == EntryKind::leaf) {
      e.new_word = format.with_young(e.new_word, true);
    }
  }
}

// A bit of the TLB entry for a page flips, then the page is used.
enum class Flip : u8 { frame, right };
bool flip_found(Flip what, const Config& c) {
  Machine<TlbPort> m(c);
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, m.page(), kRead | kWrite) == 0);
  must(m.store(p, kBase));
  if (what == Flip::right) must(m.kernel.mprotect(p, kBase, m.page(), kRead) == 0);
  must(m.load(p, kBase));
  must(what == Flip::frame ? m.port.flip_frame(kBase)
                           : m.port.flip_right(kBase, static_cast<u16>(arch::layout::X86Rights::W.mask())));
  try {
    what == Flip::frame ? m.load(p, kBase) : m.store(p, kBase);
  } catch (const Violation& v) {
    must(v.id() == "P27" || v.id() == "oracle");
    return true;
  }
  return false;
}
void require_flip_found(Flip what, const Config& c) {
  if (!flip_found(what, c))
    throw Violation("P62", std::string("a flipped ") + (what == Flip::frame ? "frame" : "rights") +
                               " bit of a TLB entry was used and not found");
}

}  // namespace

// Without a bug every pair agrees and every flip is found.
void intact_runs() {
  software_refill(Bug::none);
  formats(Bug::none);
  frames(Bug::none);
  must(logs([](const PteFormat&, std::vector<MmEvent>&) {}) == 0);
  for (const Flip what : {Flip::frame, Flip::right}) require_flip_found(what, trip_config());
  Config oracle_alone = trip_config();
  oracle_alone.check_translation = false;
  oracle_alone.poison = true;
  require_flip_found(Flip::frame, oracle_alone);
}
u64 skewed_entries() { return logs(accessed_early); }

std::vector<Trip> run_trips() {
  std::vector<Trip> t;
  t.push_back({"P36", "M8", [] { software_refill(Bug::asid_ignored); }});
  t.push_back({"P37", "M17", [] { formats(Bug::no_zero_fill); }});
  t.push_back({"P47", "M1", [] { frames(Bug::lost_dirty); }});
  t.push_back(
      {"P61", "M35 in one of two", [] { logs([](const PteFormat&, std::vector<MmEvent>&) {}, Bug::dirty_dropped); }});
  t.push_back({"P61", "a dirty bit lost", [] { logs(dirty_lost); }});
  t.push_back(
      {"P62", "translations and bytes not checked", [] { require_flip_found(Flip::right, unchecked(trip_config())); }});
  return t;
}

}  // namespace kilburn::os::test
