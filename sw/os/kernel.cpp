// SPDX-License-Identifier: Apache-2.0
//
// The kernel's loop: references become accesses, faults are handled and the access is tried again.
#include "sw/os/kernel.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>

#include "sw/check/audit.h"
#include "sw/core/random.h"

namespace kilburn::os {

namespace {
constexpr int kFaultsAtMost = 3;  // on one access: area, copy on write, young/dirty (P38)

std::unique_ptr<BlockDevice> make_device(const Config& config) {
  if (config.swap_path.empty()) return std::make_unique<MemoryDevice>();
  return std::make_unique<FileDevice>(config.swap_path);
}

// What a store writes: recorded traces hold no values, so they are made of the reference's number in
// its process and the address; the same in every run and format.
void stored_bytes(u64 sequence, u64 va, std::span<std::byte> out) {
  for (size_t at = 0; at < out.size(); at += 8) {
    const u64 word = mix(sequence * 0x9e3779b97f4a7c15 + va + at);
    std::memcpy(out.data() + at, &word, std::min<size_t>(8, out.size() - at));
  }
}

using Crc = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;
}  // namespace

Kernel::Kernel(PhysMem& physical, MmuPort& port, Clock& clock, BlockDevice& device, const Config& config)
    : config_(config),
      port_(port),
      clock_(clock),
      memory_(std::make_unique<Memory>(physical, port, device, config.memory())),
      order_(memory_->format(), config.frames, memory_->log()),
      page_mask_(memory_->format().page_size() - 1) {
  if (config.quantum == 0) throw UserError("the quantum must be at least 1 reference");
  memory_->log().listen(this);
  leave_context();
}

Kernel::Kernel(PhysMem& physical, MmuPort& port, Clock& clock, const Config& config)
    : config_(config),
      port_(port),
      clock_(clock),
      own_device_(make_device(config)),
      memory_(std::make_unique<Memory>(physical, port, *own_device_, config.memory())),
      order_(memory_->format(), config.frames, memory_->log()),
      page_mask_(memory_->format().page_size() - 1) {
  if (config.quantum == 0) throw UserError("the quantum must be at least 1 reference");
  memory_->log().listen(this);
  leave_context();
}

Kernel::~Kernel() { memory_->log().listen(nullptr); }

void Kernel::event(const MmEvent& e) {
  if (config_.check_order) order_.event(e);
  if (e.kind != MmEvent::Kind::entry || e.space == 0 || e.space > processes_.size()) return;
  // The oracle's touched and stored marks follow what A and D can still know (P31, P32).
  const PteFormat& format = memory_->format();
  const PteView old = format.view(e.old_word);
  if (old.kind != EntryKind::leaf) return;
  const PteView now = format.view(e.new_word);
  OracleSpace& oracle = processes_[e.space - 1]->oracle;
  const bool gone = now.kind != EntryKind::leaf;
  if (gone || !now.young) oracle.forget_touched(e.va, e.span);
  if (gone) oracle.forget_stored(e.va, e.span);
}

std::string Kernel::place() const {
  std::string text = " (reference " + std::to_string(statistics_.references);
  if (active_ != nullptr) text += ", " + active_->name() + ":" + std::to_string(active_->line());
  return text + ")";
}

// --- the processor --------------------------------------------------------------------------------

void Kernel::switch_to(Process& process) {
  if (current_ == &process) return;
  port_.set_context(memory_->context(*process.space));
  current_ = &process;
  ++statistics_.context_switches;
}

// Before tables go away: a context without any mapping.
void Kernel::leave_context() {
  port_.set_context(memory_->empty_context());
  current_ = nullptr;
}

bool Kernel::touch(Process& process, u64 va, arch::Op op, std::span<std::byte> data) {
  if (((va ^ (va + data.size() - 1)) & ~page_mask_) != 0) ++statistics_.straddles;
  while (!data.empty()) {
    const size_t n = std::min<size_t>(data.size(), page_mask_ + 1 - (va & page_mask_));
    const Access access{va, op, arch::Mode::user, data.first(n)};
    AccessResult result;
    for (int faults = 0;; ++faults) {
      if (!order_.settled()) order_.check_settled();
      ++statistics_.accesses;
      result = port_.access(access);
      const FaultInfo* fault = std::get_if<FaultInfo>(&result);
      if (fault == nullptr) break;
      if (faults == kFaultsAtMost) {
        throw Violation("P38", "an access to " + hex(va) + " still faults (" + std::string(arch::name(fault->code)) +
                                   ") after " + std::to_string(faults) + " faults were handled, entry " +
                                   hex(process.space->table.load(va & ~page_mask_)));
      }
      if (!handle_fault(process, access, *fault)) return false;
    }
    if (config_.check_translation) check_translation(process, access, std::get<Done>(result).pa);
    // The oracle follows page by page: a fault on the second page may already make the first one old.
    if (op == arch::Op::write) {
      process.oracle.store(va, data.first(n));
    } else if (config_.check_loads) {
      process.oracle.check_load(va, data.first(n));
    }
    va += n;
    data = data.subspan(n);
  }
  return true;
}

// P27: what the MMU answered is what the tables say now, since every change has been invalidated; a TLB may
// know less than the tables, never more. P32: a store has set D by the time it is done.
void Kernel::check_translation(const Process& process, const Access& access, u64 pa) const {
  const PteFormat& format = memory_->format();
  const u64 word = process.space->table.load(access.va);
  const PteView v = format.view(word);
  const bool allowed = v.kind == EntryKind::leaf && (v.rights & needed_for(access.op)) != 0;
  if (!allowed || pa != memory_->frame_address(v.pfn) + (access.va & page_mask_)) {
    throw Violation("P27", "a " + std::string(arch::name(access.op)) + " at " + hex(access.va) + " went to " + hex(pa) +
                               ", the entry is " + hex(word) + "\nlast events:\n" + memory_->log().text());
  }
  if (access.op == arch::Op::write && !v.dirty) {
    throw Violation("P32", "a store to " + hex(access.va) + " left the entry clean: " + hex(word));
  }
}

bool Kernel::handle_fault(Process& process, const Access& access, const FaultInfo& fault) {
  if (fault.code == arch::Fault::bus) throw Violation("P25", "bus error on the access to " + hex(access.va));
  if (((fault.va ^ access.va) & ~page_mask_) != 0) {
    throw Violation("P38", "the fault of an access to " + hex(access.va) + " names " + hex(fault.va));
  }
  AddressSpace& space = *process.space;
  if (!config_.strict && access.va < memory_->format().user_top() && space.vmas.find(access.va) == nullptr) {
    // The initial image, the stack and the libraries' loader are not in a recording: areas of 4 KB with
    // all rights appear where the program touches them.
    memory_->map(space, granule_down(access.va), kGranule, kRead | kWrite | kExecute, {}, true);
    ++statistics_.inferred_granules;
  }
  const FaultKind kind = memory_->fault(space, access.va, access.op);
  ++statistics_.faults_seen;
  switch (kind) {
    case FaultKind::segv:
      kill(process, Signal::segv, access.va);
      return false;
    case FaultKind::bus:
      kill(process, Signal::bus, access.va);
      return false;
    default:
      return true;
  }
}

bool Kernel::reference(Process& process, TraceEvent::Kind kind, u64 address, u16 size) {
  ++statistics_.references;
  ++process.sequence;
  switch_to(process);
  std::byte buffer[kMaxReference];
  const std::span<std::byte> data(buffer, size);
  if (kind != TraceEvent::Kind::write) {
    const arch::Op op = kind == TraceEvent::Kind::fetch ? arch::Op::fetch : arch::Op::read;
    if (!touch(process, address, op, data)) return false;
  }
  if (kind == TraceEvent::Kind::write || kind == TraceEvent::Kind::modify) {
    stored_bytes(process.sequence, address, data);
    if (!touch(process, address, arch::Op::write, data)) return false;
  }
  if (config_.audit_every != 0 && statistics_.references % config_.audit_every == 0) audit();
  return true;
}

void Kernel::kill(Process& process, Signal signal, u64 va) {
  process.killed_by = signal;
  process.killed_at = va;
  ++statistics_.killed;
  close_space(process);
}

// --- processes ------------------------------------------------------------------------------------

Process& Kernel::spawn() {
  Process& process = *processes_.emplace_back(std::make_unique<Process>());
  process.id = next_id_++;
  process.space = memory_->create(process.id);
  ++statistics_.processes;
  return process;
}

Process& Kernel::fork(Process& parent) {
  ++statistics_.system_calls;
  Process& child = *processes_.emplace_back(std::make_unique<Process>());
  child.id = next_id_++;
  child.space = memory_->fork(*parent.space, child.id);
  child.oracle.fork_from(parent.oracle);
  child.sequence = parent.sequence;
  ++statistics_.processes;
  return child;
}

void Kernel::exec(Process& process) {
  ++statistics_.system_calls;
  close_space(process);
  process.oracle.clear();
  process.space = memory_->create(process.id);
}

void Kernel::exit(Process& process) {
  ++statistics_.system_calls;
  close_space(process);
}

void Kernel::close_space(Process& process) {
  if (current_ == &process) leave_context();
  check_bytes(process);
  statistics_.loads_checked += process.oracle.loads();
  memory_->destroy(*process.space);
  process.space.reset();
  process.oracle.clear();
}

// Every touched byte as the page tables and the swap area have it: equal to the oracle's, and part of
// the digest.
void Kernel::check_bytes(Process& process) {
  Crc crc;
  u64 granules = 0;
  OracleSpace::Bytes bytes;
  process.oracle.for_each([&](u64 va, const OracleSpace::Bytes& expected) {
    if (!memory_->peek(*process.space, va, bytes)) {
      if (process.killed_by != Signal::bus) ++statistics_.lost_granules;
      return;  // lost to an I/O error, as counted
    }
    if (config_.check_loads && bytes != expected) {
      const auto at = std::mismatch(bytes.begin(), bytes.end(), expected.begin()).first - bytes.begin();
      throw Violation("oracle", "at the end byte " + hex(va + static_cast<u64>(at)) + " of process " +
                                    std::to_string(process.id) + " is not what was last stored");
    }
    crc.process_bytes(&va, sizeof va);
    crc.process_bytes(bytes.data(), bytes.size());
    ++granules;
  });
  process.digest = mix((granules << 32) | crc.checksum());
  digest_ += process.digest;  // a sum: processes may end in any order
}

// --- system calls ---------------------------------------------------------------------------------

int Kernel::mmap(Process& process, u64 start, u64 length, Rights rights, Backing backing) {
  ++statistics_.system_calls;
  const int error = memory_->map(*process.space, start, length, rights, backing);
  if (error == 0) process.oracle.map(start, start + granule_up(length), backing);
  return error;
}

u64 Kernel::mmap_anywhere(Process& process, u64 length, Rights rights, Backing backing) {
  constexpr u64 kLowest = 0x10000;  // LX mmap_min_addr
  const u64 page = page_mask_ + 1;
  const u64 start = process.space->vmas.find_gap(granule_up(length), kLowest, memory_->format().user_top(), page);
  return start != 0 && mmap(process, start, length, rights, backing) == 0 ? start : 0;
}

int Kernel::munmap(Process& process, u64 start, u64 length) {
  ++statistics_.system_calls;
  const int error = memory_->unmap(*process.space, start, length);
  if (error == 0) process.oracle.unmap(start, start + granule_up(length));
  return error;
}

int Kernel::mprotect(Process& process, u64 start, u64 length, Rights rights) {
  ++statistics_.system_calls;
  return memory_->protect(*process.space, start, length, rights, !config_.strict);
}

int Kernel::mremap(Process& process, u64 from, u64 old_length, u64 to, u64 new_length) {
  ++statistics_.system_calls;
  const int error = memory_->move(*process.space, from, old_length, to, new_length);
  if (error == 0) process.oracle.move(from, from + granule_up(old_length), to, to + granule_up(new_length));
  return error;
}

int Kernel::brk(Process& process, u64 end) {
  ++statistics_.system_calls;
  const u64 old = process.space->brk == 0 ? end : process.space->brk;
  const int error = memory_->set_brk(*process.space, end);
  if (error != 0) return error;
  if (end > old) process.oracle.map(granule_up(old), granule_up(end), {});
  if (end < old) process.oracle.unmap(granule_up(end), granule_up(old));
  return 0;
}

// --- runs -----------------------------------------------------------------------------------------

void Kernel::expect_success(const Process& process, int error, const char* call) const {
  if (error == 0) return;
  throw UserError(process.reader->name() + ":" + std::to_string(process.reader->line()) + ": " + call +
                  " cannot be repeated in the " + std::string(arch::name(config_.format)) +
                  " address space: " + std::strerror(error));
}

// A child whose references were not recorded only shares memory, until its parent forks again or ends.
void Kernel::end_silent_child(Process& parent) {
  if (parent.silent_child != nullptr && parent.silent_child->alive()) close_space(*parent.silent_child);
  parent.silent_child = nullptr;
}

void Kernel::dispatch(Process& process, const TraceEvent& e, const ChildTraces& children) {
  switch (e.kind) {
    case TraceEvent::Kind::fetch:
    case TraceEvent::Kind::read:
    case TraceEvent::Kind::write:
    case TraceEvent::Kind::modify:
      reference(process, e.kind, e.address, e.size);
      break;
    case TraceEvent::Kind::map:
      expect_success(process, mmap(process, e.address, e.length, e.rights, {e.file, e.offset}), "mmap");
      break;
    case TraceEvent::Kind::unmap:
      expect_success(process, munmap(process, e.address, e.length), "munmap");
      break;
    case TraceEvent::Kind::protect:
      expect_success(process, mprotect(process, e.address, e.length, e.rights), "mprotect");
      break;
    case TraceEvent::Kind::remap:
      expect_success(process, mremap(process, e.old_address, e.old_length, e.address, e.length), "mremap");
      break;
    case TraceEvent::Kind::brk:
      expect_success(process, brk(process, e.address), "brk");
      break;
    case TraceEvent::Kind::fork: {
      end_silent_child(process);
      Process& child = fork(process);
      if (children) child.own_reader = children(e.pid);
      child.reader = child.own_reader.get();
      if (child.reader == nullptr) {
        ++statistics_.children_without_trace;
        process.silent_child = &child;
      }
      break;
    }
    case TraceEvent::Kind::exec:
      exec(process);
      break;
    case TraceEvent::Kind::exit:
      end_silent_child(process);
      exit(process);
      break;
  }
}

void Kernel::run(TraceReader& reader, const ChildTraces& children) {
  try {
    spawn().reader = &reader;
    TraceEvent event;
    bool more = true, limit = false;
    while (more && !limit) {
      more = false;
      for (size_t n = 0; n < processes_.size() && !limit; ++n) {
        Process& process = *processes_[n];
        if (!process.alive() || process.reader == nullptr) continue;
        more = true;
        active_ = process.reader;
        for (u32 left = config_.quantum; left > 0 && process.alive() && !limit; --left) {
          if (!process.reader->next(event)) {
            exit(process);
            break;
          }
          dispatch(process, event, children);
          limit = config_.max_references != 0 && statistics_.references >= config_.max_references;
        }
        if (!process.alive()) process.reader = nullptr;
        if (config_.huge && process.alive()) memory_->khugepaged(*process.space, 1);
      }
    }
    active_ = nullptr;
    finish();
  } catch (const Violation& v) {
    const Violation placed(v.id(), v.text() + place());
    throw placed;
  }
}

void Kernel::finish() {
  audit();
  for (const auto& process : processes_) {
    if (process->alive()) close_space(*process);
  }
  finished_ = true;
  audit();
}

void Kernel::audit() {
  ++statistics_.audits;
  run_audits({*memory_, processes_, statistics_, finished_});
}

const Statistics& Kernel::statistics() {
  statistics_.memory = memory_->statistics();
  statistics_.invalidations = memory_->shootdown().count();
  statistics_.asid_wraps = memory_->asids().wraps();
  statistics_.yields = memory_->yield().count();
  statistics_.cycles = clock_.now();
  return statistics_;
}

}  // namespace kilburn::os
