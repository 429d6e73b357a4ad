// SPDX-License-Identifier: Apache-2.0
//
// The kernel's processes, from birth to the last check of their bytes; its audits.
#include "sw/os/kernel.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>

#include "sw/check/audit.h"
#include "sw/check/probe.h"
#include "sw/check/witness.h"
#include "sw/core/random.h"

namespace kilburn::os {

namespace {
// A file that is empty, or was a swap area before; nothing else is written over.
std::unique_ptr<FileDevice> open_swap_file(const SwapFile& file) {
  auto device = std::make_unique<FileDevice>(file.path, FileDevice::Use::kept);
  if (device->size() == 0) return device;
  std::vector<std::byte> start(std::min<u64>(device->size(), SwapArea::kStart));
  if (const int error = device->read(0, start); error != 0) {
    throw HostError("the swap file " + file.path + " cannot be read: " + std::strerror(error));
  }
  if (!SwapArea::is_image(start)) {
    throw UserError("the swap file " + file.path + " holds something else than a swap area: it stays as it is");
  }
  return device;
}

std::vector<std::unique_ptr<BlockDevice>> make_devices(const Config& config) {
  std::vector<std::unique_ptr<BlockDevice>> devices;
  std::vector<std::unique_ptr<FileDevice>> files;
  for (const SwapFile& file : config.swap_files) files.push_back(open_swap_file(file));
  for (auto& file : files) {  // all of them are ours: a header of before must not outlive what it tells about
    if (file->size() != 0) file->clear();
    devices.push_back(std::move(file));
  }
  if (!devices.empty()) return devices;
  if (config.swap_path.empty()) {
    devices.push_back(std::make_unique<MemoryDevice>());
  } else {
    devices.push_back(std::make_unique<FileDevice>(config.swap_path));
  }
  return devices;
}

using Crc = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;
}  // namespace

Kernel::Kernel(PhysMem& physical, std::span<MmuPort* const> ports, Clock& clock, const Config& config,
               BlockDevice* device)
    : config_(config),
      clock_(clock),
      own_devices_(device == nullptr ? make_devices(config) : std::vector<std::unique_ptr<BlockDevice>>()),
      memory_(std::make_unique<Memory>(physical, ports, device == nullptr ? *own_devices_.front() : *device,
                                       config.memory())),
      order_(memory_->format(), config.frames + config.device_frames, memory_->log(), memory_->cpus().count()),
      reclaim_check_(*memory_),
      shared_bytes_(&memory_->contents()),
      page_mask_(memory_->format().page_size() - 1) {
  next_audit_ = config.audit_at != AuditAt::end && config.audit_every != 0 ? config.audit_every : ~u64{0};
  if (config.quantum == 0) throw UserError("the quantum must be at least 1 reference");
  for (size_t n = 1; n < own_devices_.size(); ++n) {
    const SwapFile& file = config.swap_files[n];
    u32 area = 0;
    const int error = memory_->swap_on(*own_devices_[n], file.slots, file.priority, area);
    if (error == EIO) throw HostError(memory_->swap().last_error());
    if (error != 0) throw UserError("the swap file " + file.path + " cannot be used: " + std::strerror(error));
  }
  turn_.fill(~size_t{0});  // the first process is next
  memory_->meter().follow(&clock);
  memory_->log().listen(this);
  memory_->set_oom_killer(this);
  for (unsigned cpu = 0; cpu < memory_->cpus().count(); ++cpu) leave_context(cpu);
}

Kernel::Kernel(PhysMem& physical, MmuPort& port, Clock& clock, const Config& config)
    : Kernel(physical, std::array<MmuPort*, 1>{&port}, clock, config) {}

Kernel::Kernel(PhysMem& physical, MmuPort& port, Clock& clock, BlockDevice& device, const Config& config)
    : Kernel(physical, std::array<MmuPort*, 1>{&port}, clock, config, &device) {}

Kernel::~Kernel() {
  memory_->log().listen(nullptr);
  memory_->set_oom_killer(nullptr);
}

void Kernel::event(const MmEvent& e) {
  if (recorder_ != nullptr) recorder_->event(e);
  if (e.kind == MmEvent::Kind::entry || e.kind == MmEvent::Kind::table || e.kind == MmEvent::Kind::invalidate) {
    memory_->yield().step();
  }
  if (config_.check_order) {
    unless_off([&] { order_.event(e); });
    unless_off([&] { reclaim_check_.event(e); });
  }
  if (e.kind == MmEvent::Kind::table) ++tables_;
  if (e.kind != MmEvent::Kind::entry || e.space == 0 || e.space > processes_.size()) return;
  if (config_.check_contents && !moving_) {
    const AddressRange anew = e.space == mapping_.space ? mapping_.range : AddressRange{};
    unless_off([&] { check_contents(*memory_, *processes_[e.space - 1], e, anew); });
  }
  if (config_.check_translation) unless_off([&] { witness(e); });
  // The oracle's touched and stored marks follow what A and D can still know (P31, P32).
  const PteFormat& format = memory_->format();
  const PteView old = format.view(e.old_word);
  if (old.kind != EntryKind::leaf) return;
  const PteView now = format.view(e.new_word);
  OracleSpace& oracle = processes_[e.space - 1]->oracle;
  const bool gone = now.kind != EntryKind::leaf;
  if (old.young && !gone && !now.young && !oracle.touched(e.va, e.span)) ++statistics_.young_untouched;
  if (gone || !now.young) oracle.forget_touched(e.va, e.span);
  // Written back: the next store faults, so D may go (write_back in mm/file_pages.cpp).
  const bool cleaned = !gone && old.dirty && !now.dirty && (now.rights & kWrite) == 0;
  if (gone || cleaned) oracle.forget_stored(e.va, e.span);
}

// P44: as soon as an entry names a frame, no CPU reads the page elsewhere: the one that stores first would not be seen
// by the others. Each other CPU that is in this space looks now.
void Kernel::witness(const MmEvent& e) {
  const PteView now = memory_->format().view(e.new_word);
  if (now.kind != EntryKind::leaf) return;
  // The same frame as before with other rights: nobody can be elsewhere, and the invalidation is still owed.
  const PteView old = memory_->format().view(e.old_word);
  if (old.kind == EntryKind::leaf && old.pfn == now.pfn) return;
  for (unsigned cpu = 0; cpu < memory_->cpus().count(); ++cpu) {
    if (cpu == cpu_ || e.live[cpu] == 0 || current_[cpu] == nullptr || current_[cpu]->id != e.space) continue;
    std::byte byte{};
    const AccessResult seen =
        memory_->cpus().port(cpu).access({e.va, arch::Op::read, arch::Mode::user, std::span(&byte, 1)});
    const Done* done = std::get_if<Done>(&seen);
    if (done != nullptr && (done->pa & ~page_mask_) != memory_->frame_address(now.pfn)) {
      throw Violation("P44", "CPU " + std::to_string(cpu) + " reads " + hex(e.va) + " of process " +
                                 std::to_string(e.space) + " at " + hex(done->pa) + ", the entry is " +
                                 hex(e.new_word) + "\nlast events:\n" + memory_->log().text());
    }
  }
}

// Processes go to the CPUs in turn.
Process& Kernel::add_process() {
  Process& process = *processes_.emplace_back(std::make_unique<Process>());
  process.id = next_id_++;
  process.oracle.use(shared_bytes_, (page_mask_ + 1) >> kGranuleShift);
  process.cpu = (process.id - 1) % memory_->cpus().count();
  ++statistics_.processes;
  return process;
}

Process& Kernel::spawn() {
  tell(Call::Kind::spawn, {next_id_});
  Process& process = add_process();
  process.space = memory_->create(process.id);
  return process;
}

Process& Kernel::fork(Process& parent) {
  tell(Call::Kind::fork, {parent.id, parent.cpu, next_id_});
  enter(parent);
  const Acting acting(*this, parent);
  Process& child = add_process();
  child.space = memory_->fork(*parent.space, child.id);
  child.oracle.fork_from(parent.oracle);
  child.sequence = parent.sequence;
  return child;
}

void Kernel::exec(Process& process) {
  tell(Call::Kind::exec, {process.id, process.cpu});
  ++statistics_.system_calls;
  close_space(process);
  process.oracle.clear();
  process.space = memory_->create(process.id);
}

void Kernel::exit(Process& process) {
  tell(Call::Kind::exit, {process.id, process.cpu});
  ++statistics_.system_calls;
  close_space(process);
}

void Kernel::kill(Process& process) {
  tell(Call::Kind::kill, {process.id, process.cpu});
  if (process.alive()) end_by(process, Signal::kill, 0);
}

void Kernel::end_by(Process& process, Signal signal, u64 va) {
  process.killed_by = signal;
  process.killed_at = va;
  ++statistics_.killed;
  ++(signal == Signal::segv  ? statistics_.killed_segv
     : signal == Signal::bus ? statistics_.killed_bus
     : process.doomed        ? statistics_.killed_oom
                             : statistics_.killed_asked);
  if (!config_.check_calls) return close_space(process);
  const KillWitness witness(*memory_, processes_, process);
  close_space(process);
  unless_off([&] { witness.ended(); });
}

void Kernel::close_space(Process& process) {
  ++tables_;
  for (unsigned cpu = 0; cpu < memory_->cpus().count(); ++cpu) {
    if (current_[cpu] == &process) leave_context(cpu);
  }
  process.pending = {};
  check_bytes(process);
  statistics_.loads_checked += process.oracle.loads();
  memory_->destroy(*process.space);
  process.space.reset();
  process.oracle.clear();
  memory_->end_transfers();
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

void Kernel::finish() {
  audit();
  for (const auto& process : processes_) {
    if (process->alive()) close_space(*process);
  }
  memory_->wait_for_transfers();
  memory_->shut_down();
  finished_ = true;
  audit();
  if (const std::string_view name = memory_->yield().uncovered(); !name.empty()) {
    throw Violation("coverage", "no yield point in the sequence " + std::string(name));
  }
}

void Kernel::audit() {
  ++statistics_.audits;
  const bool roots_only = config_.roots_only || config_.bug == Bug::roots_only;
  run_audits({*memory_, processes_, statistics_, finished_, roots_only, config_.checks_off});
  if (config_.probe) unless_off([&] { probe_translations(*memory_, {current_.data(), memory_->cpus().count()}); });
}

const Statistics& Kernel::statistics() {
  statistics_.memory = memory_->statistics();
  statistics_.invalidations = memory_->cpus().invalidations();
  statistics_.asid_wraps = memory_->cpus().wraps();
  statistics_.idle_cycles = memory_->meter().idle();
  statistics_.charged_cycles = memory_->meter().charged();
  statistics_.yields = memory_->yield().count();
  statistics_.cycles = clock_.now();
  return statistics_;
}

}  // namespace kilburn::os
