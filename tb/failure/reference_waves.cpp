// SPDX-License-Identifier: Apache-2.0
//
// One look a cycle, told as text that a wave viewer shows.
#include "tb/failure/reference_waves.h"

#include <bit>
#include <cstring>
#include <utility>

#include "model/arch/layout.h"
#include "tb/explain/named_bits.h"
#include "tb/failure/fst_file.h"
#include "tb/text.h"

namespace kilburn::tb {
using arch::u64;

namespace {

struct Pin {
  const char* name;
  u64 (*value)(const kilburn_dut_out&);
  unsigned bits;  // of its field, which may be more than those of the pin
};
constexpr Pin kPins[] = {
#define KILBURN_PIN(name, field) \
  {name, [](const kilburn_dut_out& out) -> u64 { return out.field; }, 8 * sizeof(kilburn_dut_out::field)},
#include "tb/lockstep/pins.def"
#undef KILBURN_PIN
};

// The widths of rtl/README.md where they are not those of the field.
unsigned width(const Pin& pin) {
  static constexpr struct {
    std::string_view ending;
    unsigned bits;
  } kWidths[] = {{"_valid_o", 1}, {"_ready_o", 1}, {"_id_o", 4}, {"_fault_o", 4},  {"_level_o", 3}, {"rsp_pa_o", 52},
                 {"_size_o", 6},  {"_mt_o", 3},    {"_op_o", 1}, {"_global_o", 1}, {"_ack_o", 1},   {"_addr_o", 52}};
  const std::string_view name = pin.name;
  for (const auto& known : kWidths) {
    if (name.ends_with(known.ending)) return known.bits;
  }
  return pin.bits;
}

std::string brief(const arch::Request& r) {
  return std::string(r.op == arch::Op::fetch   ? "fetch"
                     : r.op == arch::Op::write ? "store"
                                               : "load") +
         " " + hex(r.va) + " " + std::string(arch::name(r.mode));
}

// What changes stands in front, where a narrow place still shows it.
std::string told(u64 number, const std::string& what, const std::string& request) {
  return "#" + std::to_string(number) + " " + what + (what.empty() ? "" : ": ") + request;
}

std::string size_text(unsigned log2) {
  static constexpr const char* kUnits[] = {"", "K", "M", "G", "T", "P", "E"};
  return std::to_string(1u << log2 % 10) + kUnits[log2 / 10];
}

std::string rights_text(arch::Format format, arch::u16 rights) {
  namespace r = arch::layout::X86Rights;
  if (format != arch::Format::x86_64) return joined(named_bits(WordLayout::AlphaPte, rights, 0xff0e));
  std::string text = r::W.test(rights) ? "RW" : "R";
  if (r::U.test(rights)) text += " U";
  if (r::NX.test(rights)) text += " NX";
  if (r::D.test(rights)) text += " D";
  if (r::PKEY.test(rights)) text += " key " + std::to_string(r::PKEY.get(rights));
  return text;
}

std::string entry_text(arch::Format format, uarch::Structure structure, const uarch::TlbEntry& e) {
  if (!e.valid) return "";
  const bool table = structure == uarch::Structure::psc;
  std::string text = hex(e.va) + (table ? " table " : " is ") + hex(e.pa) + " " + size_text(e.size);
  text += e.global ? " global" : " asid " + std::to_string(e.asid);
  if (!table || e.rights != 0) text += " " + rights_text(format, e.rights);
  return text;
}

std::string_view structure_name(uarch::Structure structure) {
  switch (structure) {
    case uarch::Structure::i_tlb:
      return "i_tlb";
    case uarch::Structure::d_tlb:
      return "d_tlb";
    case uarch::Structure::l2:
      return "l2";
    case uarch::Structure::psc:
      break;
  }
  return "psc";
}

std::string numbered(std::string_view name, std::size_t n) { return std::string(name) + "_" + std::to_string(n); }

}  // namespace

ReferenceWaves::ReferenceWaves(Lockstep& lockstep, const std::filesystem::path& waves,
                               const admissible::Checker* checker)
    : lockstep_(lockstep),
      checker_(checker),
      signals_(waves),
      transactions_(lockstep, waves),
      format_(static_cast<arch::Format>(lockstep.dut().api().config.format)) {
  add_signals(lockstep);
  edits_ = lockstep.history().edits();
  if (checker_) counts_ = checker_->counts();
  // What was accepted before.
  for (const Side side : {Side::instruction, Side::data}) {
    for (unsigned id = 0; id < kIds; ++id) {
      const OpenRequest& open = lockstep.history().open_request(side, id);
      if (!open.open) continue;
      Row& known = row(side, id);
      known.number = open.number;
      known.request = brief(open.request);
      signals_.set(known.signal, told(known.number, "", known.request));
    }
  }
  lockstep_.observe(this);
}

ReferenceWaves::~ReferenceWaves() { lockstep_.observe(nullptr); }

void ReferenceWaves::add_signals(const Lockstep& lockstep) {
  for (const Side side : {Side::instruction, Side::data}) {
    for (unsigned id = 0; id < kIds; ++id) {
      row(side, id).signal = signals_.add_text(numbered(side == Side::data ? "transactions.d" : "transactions.i", id));
    }
  }
  for (unsigned id = 0; id < kIds; ++id) memory_[id] = signals_.add_text(numbered("transactions.memory", id));
  operation_ = signals_.add_text("transactions.operation");
  software_ = signals_.add_text("transactions.software");
  admissible_ = signals_.add_text("verdict.admissible");
  if (!lockstep.check()) return;
  exact_ = signals_.add_text("verdict.exact");
  differs_ = signals_.add_bits("verdict.differs", 1);
  for (const Pin& pin : kPins) expected_.push_back(signals_.add_bits(std::string("expected.") + pin.name, width(pin)));
  const uarch::Mmu& twin = lockstep.check()->twin();
  for (const auto side : {uarch::SideName::instruction, uarch::SideName::data}) {
    for (arch::u32 rest = twin.misses().places(side); rest != 0; rest &= rest - 1) {
      const auto place = static_cast<unsigned>(std::countr_zero(rest));
      misses_[place] = signals_.add_text(
          numbered(side == uarch::SideName::data ? "twin.d_miss" : "twin.i_miss", twin.misses().number(place)));
    }
  }
  for (unsigned n = 0; n < twin.walkers(); ++n) walkers_.push_back(signals_.add_text(numbered("twin.walker", n)));
  maintenance_ = signals_.add_text("twin.maintenance");
  for (const auto structure : uarch::kStructures) {
    Structure shown{structure, {}, {}};
    const std::string scope = "twin." + std::string(structure_name(structure)) + ".entry";
    for (unsigned n = 0; n < twin.entries(structure); ++n)
      shown.signals.push_back(signals_.add_text(numbered(scope, n)));
    shown.shown.resize(shown.signals.size());
    structures_.push_back(std::move(shown));
  }
}

void ReferenceWaves::cycle(const Lockstep& lockstep, bool compared) {
  for (auto& side : rows_) {
    for (Row& ended : side) {
      if (std::exchange(ended.late, false)) signals_.set(ended.signal, told(ended.number, "", ended.request));
      if (!ended.answered) continue;
      signals_.set(ended.signal, "");
      ended = Row(ended.signal);
    }
  }
  if (compared && lockstep.check()) show_twin(lockstep.check()->twin());
  for (const Side side : {Side::instruction, Side::data}) {
    answer(lockstep, side);
    accept(lockstep, side);
  }
  show_memory(lockstep);
  show_operation(lockstep);
  if (lockstep.check()) show_expected(lockstep, compared);
  show_checker();
  signals_.clock();
  transactions_.cycle(lockstep, compared);
}

void ReferenceWaves::reset() {
  signals_.reset();
  transactions_.reset();
  for (auto& side : rows_) {
    for (Row& lost : side) lost.answered = lost.number != 0;
  }
  for (unsigned id = 0; id < kIds; ++id) reads_[id].clear(), signals_.set(memory_[id], "");
  operating_ = false;
}

void ReferenceWaves::finish() {
  lockstep_.observe(nullptr);
  signals_.put_into_file();
  transactions_.finish();
}

void ReferenceWaves::accept(const Lockstep& lockstep, Side side) {
  const bool data = side == Side::data;
  const kilburn_req_in& in = data ? lockstep.in().d : lockstep.in().i;
  const kilburn_req_out& out = data ? lockstep.out().d : lockstep.out().i;
  if (!in.valid || !out.req_ready) return;
  const OpenRequest& open = lockstep.history().open_request(side, in.id);
  if (!open.open) return;  // after a failure nothing is taken down any more
  Row& taken = row(side, in.id);
  // Its id may be answered in this very cycle: then the answer stands for the cycle, the request from the next on.
  const bool late = taken.number != 0;
  taken = Row(taken.signal);
  taken.number = open.number;
  taken.late = late;
  taken.request = brief(open.request);
  if (!taken.late) signals_.set(taken.signal, told(taken.number, "", taken.request));
}

void ReferenceWaves::answer(const Lockstep& lockstep, Side side) {
  const bool data = side == Side::data;
  const kilburn_req_in& in = data ? lockstep.in().d : lockstep.in().i;
  const kilburn_req_out& out = data ? lockstep.out().d : lockstep.out().i;
  if (!out.rsp_valid) return;
  Row& answered = row(side, out.rsp_id);
  const auto fault = static_cast<arch::Fault>(out.rsp_fault);
  std::string answer = fault == arch::Fault::none ? "= " + hex(out.rsp_pa) : std::string(arch::name(fault));
  if (lockstep.check() && answered.number != 0) {
    answer += answered.stage == Stage::walk ? ", walk" : answered.stage == Stage::l2 ? ", L2 TLB" : ", L1 TLB";
  }
  signals_.set(answered.signal, answered.number == 0 ? answer + ": answers no request"
                                                     : told(answered.number, answer, answered.request));
  answered.answered = in.rsp_ready != 0;
}

void ReferenceWaves::show_memory(const Lockstep& lockstep) {
  const kilburn_dut_in& in = lockstep.in();
  const kilburn_dut_out& out = lockstep.out();
  for (unsigned id = 0; id < kIds; ++id) signals_.set(memory_[id], reads_[id]);
  if (in.mem_rsp_valid) {
    std::string& read = reads_[in.mem_rsp_id % kIds];
    signals_.set(memory_[in.mem_rsp_id % kIds],
                 read + (in.mem_rsp_err   ? ": bus error"
                         : read[0] == 's' ? in.mem_rsp_match ? ": swapped" : ": not swapped"
                                          : " = " + hex(in.mem_rsp_data)));
    read.clear();
  }
  if (out.mem_req_valid) {
    const unsigned id = out.mem_req_id % kIds;
    const bool reads = out.mem_req_op == arch::layout::MemOp::READ;
    std::string text = (reads ? "reads " : "swaps ") + hex(out.mem_req_addr);
    if (!reads) text += " from " + hex(out.mem_req_cmp) + " to " + hex(out.mem_req_data);
    signals_.set(memory_[id], text);
    if (in.mem_req_ready) reads_[id] = std::move(text);
  }
}

void ReferenceWaves::show_operation(const Lockstep& lockstep) {
  const kilburn_dut_in& in = lockstep.in();
  const kilburn_dut_out& out = lockstep.out();
  if (out.inv_ack) {
    signals_.set(operation_, "acknowledged");
    operating_ = false;
  } else if (!operating_) {
    signals_.set(operation_, "");
  }
  if (in.inv_valid) {
    std::string text =
        std::string(invalidation_name(in.inv_op)) + " va " + hex(in.inv_va) + " asid " + std::to_string(in.inv_asid);
    signals_.set(operation_, text + (out.inv_ready ? "" : " waits"));
    operating_ |= out.inv_ready != 0;
  }
  const History& history = lockstep.history();
  if (history.edits() != edits_) {
    const u64 more = history.edits() - edits_ - 1;
    signals_.set(software_, hex(history.last_edit().pa) + " := " + hex(history.last_edit().value) +
                                (more == 0 ? "" : " and " + std::to_string(more) + " before"));
    edits_ = history.edits();
  } else {
    signals_.set(software_, "");
  }
}

void ReferenceWaves::show_expected(const Lockstep& lockstep, bool compared) {
  if (!compared) {
    // After a failure the twin stands still.
    for (std::size_t n = 0; n < std::size(kPins); ++n) signals_.set(expected_[n], std::string(width(kPins[n]), 'x'));
    signals_.set(exact_, "");
    signals_.set(differs_, "x");
    return;
  }
  const kilburn_dut_out expected = lockstep.check()->expected();
  if (!shown_ || std::memcmp(&*shown_, &expected, sizeof expected) != 0) {
    for (std::size_t n = 0; n < std::size(kPins); ++n) signals_.set(expected_[n], kPins[n].value(expected));
    shown_ = expected;
  }
  const bool agrees = lockstep.check()->agrees(lockstep.out());
  const Difference first = agrees ? Difference{} : lockstep.check()->first_difference(lockstep.out());
  signals_.set(exact_,
               agrees ? "agrees" : first.signal + " is " + hex(first.found) + ", expected " + hex(first.expected));
  signals_.set(differs_, u64{!agrees});
}

ReferenceWaves::Row& ReferenceWaves::row_of(const uarch::MissFile& misses, unsigned place) {
  return row(misses.side(place) == uarch::SideName::data ? Side::data : Side::instruction, misses.entry(place).held.id);
}

void ReferenceWaves::show_twin(const uarch::Mmu& twin) {
  using State = uarch::MissFile::State;
  const uarch::MissFile& misses = twin.misses();
  const arch::u32 places = misses.places(uarch::SideName::instruction) | misses.places(uarch::SideName::data);
  for (arch::u32 rest = places; rest != 0; rest &= rest - 1) {
    const auto place = static_cast<unsigned>(std::countr_zero(rest));
    const uarch::MissFile::Entry& miss = misses.entry(place);
    if (miss.state == State::free) {
      signals_.set(misses_[place], "");
      continue;
    }
    std::string what;
    Stage stage = Stage::l1;
    switch (miss.state) {
      case State::look:
      case State::looking:
        what = miss.state == State::look ? "waits for the L2 TLB" : "in the L2 TLB";
        stage = Stage::l2;
        break;
      case State::ready:
        what = "waits for a walker";
        stage = Stage::walk;
        break;
      case State::walk:
        what = "walks";
        stage = Stage::walk;
        break;
      case State::merged:
        what = "waits for #" + std::to_string(row_of(misses, miss.parent).number);
        stage = Stage::walk;
        break;
      case State::retry:
        what = "tries again";
        break;
      default:
        what = "has its result";
    }
    Row& of = row_of(misses, place);
    if (of.number != 0 && stage != Stage::l1) of.stage = stage;
    if (of.number != 0) signals_.set(of.signal, told(of.number, what, of.request));
    signals_.set(misses_[place], (of.number == 0 ? "" : "#" + std::to_string(of.number) + " ") + what);
  }
  for (unsigned n = 0; n < walkers_.size(); ++n) {
    const uarch::Mmu::Walk walk = twin.walk(n);
    if (walk.state == uarch::Mmu::Walk::State::idle) {
      signals_.set(walkers_[n], "");
      continue;
    }
    const bool prefetch = walk.owner == uarch::Mmu::kPrefetch;
    const std::string whose = prefetch ? "prefetch" : "#" + std::to_string(row_of(misses, walk.owner).number);
    const bool asks = walk.state == uarch::Mmu::Walk::State::requesting;
    const std::string where = " level " + std::to_string(walk.level) + (asks ? " asks for " : " waits for ") +
                              (walk.swaps ? "the swap of " : "") + hex(walk.address);
    signals_.set(walkers_[n], whose + where);
    if (prefetch) continue;
    Row& of = row_of(misses, walk.owner);
    if (of.number != 0) signals_.set(of.signal, told(of.number, "walk" + where, of.request));
  }
  signals_.set(maintenance_, twin.maintaining() ? "busy" : "");
  show_entries(twin);
}

void ReferenceWaves::show_entries(const uarch::Mmu& twin) {
  for (Structure& structure : structures_) {
    for (unsigned n = 0; n < structure.signals.size(); ++n) {
      const uarch::TlbEntry entry = twin.entry(structure.structure, n);
      if (std::memcmp(&entry, &structure.shown[n], sizeof entry) == 0) continue;
      structure.shown[n] = entry;
      signals_.set(structure.signals[n], entry_text(format_, structure.structure, entry));
    }
  }
}

void ReferenceWaves::show_checker() {
  if (!checker_) return;
  const admissible::CheckerCounts now = checker_->counts();
  std::string verdict;
  for (unsigned n = 0; n < admissible::kLegalities; ++n) {
    for (u64 more = now.by_legality[n] - counts_.by_legality[n]; more != 0; --more) {
      verdict += (verdict.empty() ? "" : ", ") + std::string(admissible::name(static_cast<admissible::Legality>(n)));
    }
  }
  if (checker_->rejected()) verdict = "rejected: rule " + checker_->rejections().front().rule;
  signals_.set(admissible_, verdict);
  counts_ = now;
}

}  // namespace kilburn::tb
