// SPDX-License-Identifier: Apache-2.0
//
// The processor: references become accesses, faults are handled and the access is tried again.
#include <algorithm>
#include <cstring>

#include "sw/check/witness.h"
#include "sw/core/random.h"
#include "sw/os/kernel.h"

namespace kilburn::os {

namespace {
constexpr int kFaultsAtMost = 3;                   // on one access: area, copy on write, young/dirty (P38)
constexpr int kRefillsAtMost = kFaultsAtMost + 2;  // a miss before each fault, one after the last, one for a flush
constexpr int kWaitsAtMost = 2;  // of one reference: then its CPU stays with it, or pages could come and go for ever

// What a store writes: recorded traces hold no values, so they are made of the reference's number in
// its process and the address; the same in every run and format.
void stored_bytes(u64 sequence, u64 va, std::span<std::byte> out) {
  for (size_t at = 0; at < out.size(); at += 8) {
    const u64 word = mix(sequence * 0x9e3779b97f4a7c15 + va + at);
    std::memcpy(out.data() + at, &word, std::min<size_t>(8, out.size() - at));
  }
}
}  // namespace

void Kernel::switch_to(Process& process) {
  cpu_ = process.cpu;
  memory_->run_on_node(cpu_);  // processors lie on the nodes in turn
  if (current_[cpu_] == &process) return;
  memory_->load(cpu_, *process.space);
  current_[cpu_] = &process;
  ++statistics_.context_switches;
}

// Before tables go away: a context without any mapping.
void Kernel::leave_context(unsigned cpu) {
  memory_->leave(cpu);
  current_[cpu] = nullptr;
}

// One half of a reference, page by page; a fault that waits for the disk leaves it where it is.
Kernel::Progress Kernel::touch(Process& process, arch::Op op, std::span<std::byte> all, bool may_block) {
  Process::Pending& at = process.pending;
  const u64 last = at.address + at.size - 1;
  if (!at.begun && ((at.address ^ last) & ~page_mask_) != 0) ++statistics_.straddles;
  at.begun = true;
  MmuPort& port = memory_->cpus().port(cpu_);
  while (at.done < at.size) {
    const u64 va = at.address + at.done;
    const size_t n = std::min<size_t>(static_cast<size_t>(at.size - at.done), page_mask_ + 1 - (va & page_mask_));
    const std::span<std::byte> data = all.subspan(at.done, n);
    const Access access{va, op, arch::Mode::user, data};
    AccessResult result;
    for (int faults = 0, refills = 0;;) {
      if (!order_.settled() && !passed_over(config_.checks_off, "P28")) order_.check_settled();
      ++statistics_.accesses;
      result = port.access(access);
      const FaultInfo* fault = std::get_if<FaultInfo>(&result);
      if (fault == nullptr) break;
      if (faults == kFaultsAtMost || refills == kRefillsAtMost) {
        throw Violation("P38", "an access to " + hex(va) + " still faults (" + std::string(arch::name(fault->code)) +
                                   ") after " + std::to_string(faults) + " faults were handled, entry " +
                                   hex(process.space->table.load(va & ~page_mask_)));
      }
      if (fault->code == arch::Fault::miss && memory_->refill(cpu_, *process.space, va, op)) {
        ++statistics_.refills;
        ++refills;
        continue;
      }
      const bool patient = may_block && at.waits < kWaitsAtMost && others_on(process);
      const FaultKind kind = handle_fault(process, access, *fault, patient);
      if (!process.alive()) return Progress::killed;
      if (kind == FaultKind::blocked) {
        at.waiting = true;
        at.until = memory_->wake_at();
        ++at.waits;
        ++statistics_.blocked;
        return Progress::blocked;
      }
      ++faults;
    }
    if (config_.check_translation) check_translation(process, access, std::get<Done>(result).pa);
    // The oracle follows page by page: a fault on the second page may already make the first one old.
    if (op == arch::Op::write) {
      process.oracle.store(va, data);
    } else if (config_.check_loads) {
      process.oracle.check_load(va, data);
    }
    at.done = static_cast<u16>(at.done + n);
  }
  at.done = 0;
  at.begun = false;
  return Progress::done;
}

// The leaf entry for `va` as memory holds it now, without walking the tables above it each time and without reading
// the meaning of the same word again.
const Kernel::LeafEntry& Kernel::leaf_of(const Process& process, u64 va) {
  const PteFormat& format = memory_->format();
  const u64 page = va & ~page_mask_;
  LeafEntry& leaf = leaves_[(page >> format.info().page_shift ^ process.id << 4) % leaves_.size()];
  const auto say = [&] {
    const PteView view = format.view(leaf.word);
    leaf.say(view, memory_->frame_address(view.pfn));
  };
  if (leaf.tables != tables_ || leaf.page != page || leaf.process != process.id) {
    const std::optional<u64> at = process.space->table.leaf_address(va);
    leaf.tables = at ? tables_ : 0;  // a large page, or nothing: looked up each time
    leaf.page = page;
    leaf.process = process.id;
    leaf.at = at.value_or(0);
    leaf.word = at ? memory_->physical().load64(*at) : process.space->table.load(va);
    say();
  } else if (const u64 word = memory_->physical().load64(leaf.at); word != leaf.word) {
    leaf.word = word;
    say();
  }
  return leaf;
}

// P27: what the MMU answered is what the tables say now, since every change has been invalidated; a TLB may
// know less than the tables, never more. P32: a store has set D by the time it is done.
void Kernel::check_translation(const Process& process, const Access& access, u64 pa) {
  const LeafEntry& leaf = leaf_of(process, access.va);
  if ((leaf.rights & needed_for(access.op)) == 0 || pa != leaf.frame + (access.va & page_mask_)) {
    violated("P27", "a " + std::string(arch::name(access.op)) + " at " + hex(access.va) + " went to " + hex(pa) +
                        ", the entry is " + hex(leaf.word) + "\nlast events:\n" + memory_->log().text());
  }
  if (access.op == arch::Op::write && !leaf.dirty) {
    violated("P32", "a store to " + hex(access.va) + " left the entry clean: " + hex(leaf.word));
  }
}

// The fault handler, between what was and what must be then.
FaultKind Kernel::resolve_fault(Process& process, const Access& access, bool may_block) {
  if (!config_.check_calls) return memory_->fault(*process.space, access.va, access.op, may_block);
  const FaultWitness witness(*memory_, process, access.va, access.op);
  FaultKind kind{};
  try {
    kind = memory_->fault(*process.space, access.va, access.op, may_block);
  } catch (const OutOfMemory&) {
    unless_off([&] { witness.failed(); });
    throw;
  }
  unless_off([&] { witness.ended(kind); });
  return kind;
}

FaultKind Kernel::handle_fault(Process& process, const Access& access, const FaultInfo& fault, bool may_block) {
  if (fault.code == arch::Fault::bus) throw Violation("P25", "bus error on the access to " + hex(access.va));
  if (((fault.va ^ access.va) & ~page_mask_) != 0) {
    throw Violation("P38", "the fault of an access to " + hex(access.va) + " names " + hex(fault.va));
  }
  Meter& meter = memory_->meter();
  const u64 start = meter.charged() + meter.idle();
  meter.charge(Cost::trap);
  AddressSpace& space = *process.space;
  const Acting acting(*this, process, true);
  if (!config_.strict && access.va < memory_->format().user_top() && space.vmas.find(access.va) == nullptr) {
    // The initial image, the stack and the libraries' loader are not in a recording: areas of 4 KB with
    // all rights appear where the program touches them.
    memory_->map(space, granule_down(access.va), kGranule, kRead | kWrite | kExecute, {}, true);
    ++statistics_.inferred_granules;
  }
  FaultKind kind;
  try {
    kind = resolve_fault(process, access, may_block);
  } catch (const OomVictim&) {
    end_doomed(process);
    return FaultKind::blocked;  // the caller sees that it is gone
  }
  ++statistics_.faults_seen;
  const u64 cycles = meter.charged() + meter.idle() - start;
  Latency& latency = statistics_.latency[static_cast<size_t>(kind)];
  ++latency.count;
  latency.sum += cycles;
  latency.largest = std::max(latency.largest, cycles);
  memory_->log().add({.kind = MmEvent::Kind::fault,
                      .cpu = static_cast<u8>(cpu_),
                      .space = process.id,
                      .va = access.va,
                      .cycles = cycles});
  if (kind == FaultKind::segv) end_by(process, Signal::segv, access.va);
  if (kind == FaultKind::bus) end_by(process, Signal::bus, access.va);
  if (process.doomed && process.alive()) end_doomed(process);
  if (config_.audit_at == AuditAt::fault) audit();
  return kind;
}

bool Kernel::reference(Process& process, TraceEvent::Kind kind, u64 address, u16 size) {
  if (!process.alive()) return false;  // killed for memory that another one asked for
  tell(static_cast<Call::Kind>(static_cast<int>(Call::Kind::fetch) + static_cast<int>(kind)),
       {process.id, process.cpu, address, size});
  ++statistics_.references;
  ++process.sequence;
  process.pending = {.kind = kind, .address = address, .size = size};
  if (config_.spread && process.sequence % config_.quantum == 0) {
    process.cpu = (process.cpu + 1) % memory_->cpus().count();
  }
  return go_on(process, false) == Progress::done;
}

// The reference in process.pending, from where it stands.
Kernel::Progress Kernel::go_on(Process& process, bool may_block) {
  if (process.doomed) {  // during a call
    end_doomed(process);
    return Progress::killed;
  }
  switch_to(process);
  Process::Pending& at = process.pending;
  at.waiting = false;
  std::byte buffer[kMaxReference];
  const std::span<std::byte> data(buffer, at.size);
  if (at.kind != TraceEvent::Kind::write && !at.read) {
    const arch::Op op = at.kind == TraceEvent::Kind::fetch ? arch::Op::fetch : arch::Op::read;
    if (const Progress p = touch(process, op, data, may_block); p != Progress::done) return p;
    at.read = true;
  }
  if (at.kind == TraceEvent::Kind::write || at.kind == TraceEvent::Kind::modify) {
    stored_bytes(process.sequence, at.address, data);
    if (const Progress p = touch(process, arch::Op::write, data, may_block); p != Progress::done) return p;
  }
  if (memory_->background_due(statistics_.references)) {
    memory_->background(statistics_.references);
    if (!process.alive()) return Progress::killed;
  }
  if (statistics_.references >= next_audit_) {
    audit();
    next_audit_ = (statistics_.references / config_.audit_every + 1) * config_.audit_every;
  }
  if (statistics_.references >= observe_at_) observe_at_ = observer_(statistics_.references);
  return Progress::done;
}

}  // namespace kilburn::os
