// SPDX-License-Identifier: Apache-2.0
//
// System calls: memory does the work, the oracle follows.
#include <cerrno>
#include <optional>

#include "sw/check/probe.h"
#include "sw/check/witness.h"
#include "sw/os/kernel.h"

namespace kilburn::os {

// A system call runs where its process does: what the other CPUs hold of the space counts as theirs.
void Kernel::enter(Process& process) {
  ++statistics_.system_calls;
  switch_to(process);
}

int Kernel::map(Process& process, u64 start, u64 end, Backing backing, const std::function<int()>& call) {
  struct Ended {
    Mapping& mapping;
    ~Ended() { mapping = {}; }  // also if there is no memory for it
  } const ended{mapping_ = {process.id, {start, end}}};
  const int error = call();
  if (error == 0) process.oracle.map(start, end, backing);
  return error;
}

int Kernel::mmap(Process& process, u64 start, u64 length, Rights rights, Backing backing) {
  tell(Call::Kind::map,
       {process.id, process.cpu, start, length, rights, backing.file, backing.offset, static_cast<u64>(backing.kind)});
  enter(process);
  const Acting acting(*this, process);
  return map(process, start, memory_->end_of(backing, start, length), backing,
             [&] { return memory_->map(*process.space, start, length, rights, backing); });
}

int Kernel::mmap_fresh(Process& process, u64 start, u64 length, Rights rights, Backing backing) {
  const u64 end = start + granule_up(length);
  if (end > start && process.space->vmas.coverage(start, end).any) {
    ++statistics_.system_calls;
    return EEXIST;
  }
  return mmap(process, start, length, rights, backing);
}

int Kernel::mmap_stack(Process& process, u64 start, u64 length) {
  tell(Call::Kind::stack, {process.id, process.cpu, start, length});
  enter(process);
  const Acting acting(*this, process);
  return map(process, start, memory_->end_of({}, start, length), {}, [&] {
    return memory_->map(*process.space, start, length, kRead | kWrite, {}, false, VmaFlags{.grows_down = true});
  });
}

u64 Kernel::mmap_anywhere(Process& process, u64 length, Rights rights, Backing backing) {
  constexpr u64 kLowest = 0x10000;  // LX mmap_min_addr
  const u64 page = page_mask_ + 1;
  const u64 start = process.space->vmas.find_gap(granule_up(length), kLowest, memory_->format().user_top(), page);
  return start != 0 && mmap(process, start, length, rights, backing) == 0 ? start : 0;
}

int Kernel::munmap(Process& process, u64 start, u64 length) {
  tell(Call::Kind::unmap, {process.id, process.cpu, start, length});
  enter(process);
  const Acting acting(*this, process);
  const u64 end = memory_->end_of(*process.space, start, length);
  std::optional<CallWitness> witness;
  if (config_.check_calls) witness.emplace(*memory_, process, start, end);
  const int error = memory_->unmap(*process.space, start, length);
  if (error == 0) process.oracle.unmap(start, end);
  if (error == 0 && witness) unless_off([&] { witness->unmapped(); });
  if (error == 0 && config_.probe) {
    probe_unmapped(*memory_, {current_.data(), memory_->cpus().count()}, process, start, end);
  }
  return error;
}

int Kernel::shmat(Process& process, u32 id, u64 start, Rights rights) {
  tell(Call::Kind::attach, {process.id, process.cpu, id, start, rights});
  enter(process);
  const Acting acting(*this, process);
  const auto* segment = memory_->segment(id);
  return map(process, start, start + (segment == nullptr ? 0 : segment->length),
             {Backing::kSegment + id, 0, AreaKind::shm},
             [&] { return memory_->shm_attach(*process.space, id, start, rights); });
}

int Kernel::shmdt(Process& process, u64 start) {
  tell(Call::Kind::detach, {process.id, process.cpu, start});
  enter(process);
  const Acting acting(*this, process);
  const Vma* vma = process.space->vmas.find(start);
  const u64 end = vma == nullptr ? start : vma->end;
  const int error = memory_->shm_detach(*process.space, start);
  if (error == 0) process.oracle.unmap(start, end);
  return error;
}

int Kernel::mprotect(Process& process, u64 start, u64 length, Rights rights) {
  tell(Call::Kind::protect, {process.id, process.cpu, start, length, rights});
  enter(process);
  const Acting acting(*this, process);
  std::optional<CallWitness> witness;
  if (config_.check_calls) witness.emplace(*memory_, process, start, memory_->end_of(*process.space, start, length));
  const int error = memory_->protect(*process.space, start, length, rights, !config_.strict);
  if (error == 0 && length != 0 && witness) {
    unless_off([&] { witness->protected_as(rights, !config_.strict); });
  }
  return error;
}

int Kernel::mremap(Process& process, u64 from, u64 old_length, u64 to, u64 new_length) {
  tell(Call::Kind::remap, {process.id, process.cpu, from, old_length, to, new_length});
  enter(process);
  const Acting acting(*this, process);
  const int error = [&] {
    struct Moving {
      bool& flag;
      ~Moving() { flag = false; }  // also if there is no memory for it
    } moving{moving_ = true};
    return memory_->move(*process.space, from, old_length, to, new_length);
  }();
  if (error == 0) process.oracle.move(from, from + granule_up(old_length), to, to + granule_up(new_length));
  return error;
}

int Kernel::brk(Process& process, u64 end) {
  tell(Call::Kind::brk, {process.id, process.cpu, end});
  enter(process);
  const Acting acting(*this, process);
  const u64 old = process.space->brk == 0 ? end : process.space->brk;
  const int error = memory_->set_brk(*process.space, end);
  if (error != 0) return error;
  if (end > old) process.oracle.map(granule_up(old), granule_up(end), {});
  if (end < old) process.oracle.unmap(granule_up(end), granule_up(old));
  return 0;
}

int Kernel::madvise(Process& process, u64 start, u64 length, Advice advice) {
  tell(Call::Kind::advise, {process.id, process.cpu, start, length, static_cast<u64>(advice)});
  enter(process);
  const Acting acting(*this, process);
  switch (advice) {
    case Advice::normal:
    case Advice::random:
    case Advice::sequential:
    case Advice::will_need:
      break;
    case Advice::dont_need:
    case Advice::free: {
      // A page that MADV_FREE gives back may go at any time: here it goes at once.
      const int error = memory_->drop(*process.space, start, length, advice == Advice::free);
      if (error == 0 || error == ENOMEM) process.oracle.forget(start, memory_->end_of(*process.space, start, length));
      return error;
    }
  }
  return memory_->advise(*process.space, start, length, advice);
}

int Kernel::msync(Process& process, u64 start, u64 length) {
  tell(Call::Kind::sync, {process.id, process.cpu, start, length});
  enter(process);
  const Acting acting(*this, process);
  return memory_->sync(*process.space, start, length);
}

int Kernel::mlock(Process& process, u64 start, u64 length) {
  tell(Call::Kind::lock, {process.id, process.cpu, start, length});
  enter(process);
  const Acting acting(*this, process);
  return memory_->lock(*process.space, start, length, true);
}

int Kernel::munlock(Process& process, u64 start, u64 length) {
  tell(Call::Kind::unlock, {process.id, process.cpu, start, length});
  enter(process);
  const Acting acting(*this, process);
  return memory_->lock(*process.space, start, length, false);
}

}  // namespace kilburn::os
