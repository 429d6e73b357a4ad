// SPDX-License-Identifier: Apache-2.0
//
// The loosely timed MMU: a SystemC TLM-2.0 module that translates what arrives on its virtual side
// and carries it out on its physical side.
//
//     processor ──► virtual_side │ accelerator ─► Tlb ─► walk │ physical_side ──► bus, memory
//                                 (model/arch judges all three)
//
// Sources: IEEE 1666-2011 clauses 11 to 16 (TLM-2.0), rtl/README.md for TLB maintenance and rights.
#pragma once

#include <tlm_utils/peq_with_get.h>

#include <array>
#include <optional>
#include <systemc>
#include <tlm>

#include "model/arch/walk.h"
#include "model/tlm/accelerator.h"
#include "model/tlm/extensions.h"
#include "model/tlm/payload_pool.h"
#include "model/tlm/tlb.h"
#include "model/tlm/windows.h"

namespace kilburn::tlm {

struct MmuConfig {
  arch::Format format = arch::Format::x86_64;
  arch::Settings settings;
  unsigned tlb_entries = 4096;  // a side (instruction, data)
  // Annotated delays. An access takes, for each page that it touches, hit_time and, for each page-table
  // word read or updated, walk_time; to that the physical side adds its own delays.
  sc_core::sc_time hit_time{1, sc_core::SC_NS};
  sc_core::sc_time walk_time{1, sc_core::SC_NS};
  bool use_direct_memory = true;  // ask the physical side for DMI when it hints that it would grant it
  // Non-blocking transport: requests that wait inside, at least 1, and whether a request that hits
  // and goes through direct memory completes in its own call (TLM_COMPLETED).
  unsigned at_depth = 8;
  bool at_early_completion = true;
};

struct MmuCounters {
  u64 hits = 0;                  // pages translated without a walk
  u64 walks = 0;                 // started; a restarted walk counts again
  u64 restarts = 0;              // because an invalidation came while the physical side waited
  u64 reads = 0;                 // page-table words read
  u64 updates = 0;               // compare-and-swaps that stored
  u64 failed_updates = 0;        // that did not match
  u64 fills = 0;                 // of a TLB, by a walk or by software
  u64 invalidations = 0;         // calls of invalidate()
  std::array<u64, 16> faults{};  // by arch::Fault; debug and DMI requests do not count
};

// Blocking calls may be nested: while one waits in the physical side another process may call in.
class Mmu : public sc_core::sc_module, public ::tlm::tlm_fw_transport_if<>, public ::tlm::tlm_bw_transport_if<> {
 public:
  // Virtual addresses. Response status:
  //   TLM_ADDRESS_ERROR_RESPONSE      translation fault (FaultExtension says which), or the physical side's
  //   TLM_BURST_ERROR_RESPONSE        data length 0, or a streaming width below it (unsupported)
  //   TLM_GENERIC_ERROR_RESPONSE      no data pointer, or no byte-enable length; or the physical side's
  //   TLM_COMMAND_ERROR_RESPONSE      a TLM_IGNORE_COMMAND that crosses a page
  //   anything else                   the physical side's, passed on
  // Byte enables are supported. An access may have any length and alignment; one that crosses pages is
  // carried out page by page after every page of it has been translated, so a fault leaves the data
  // untouched (A and D of the pages before the faulting one may be set, as when a processor splits the
  // access). A TLM_IGNORE_COMMAND is translated as AccessExtension::op says and passed on, so that a
  // CasExtension works through the Mmu.
  ::tlm::tlm_target_socket<64> virtual_side{"virtual_side"};
  // Physical addresses. Only blocking transport is used here; it may wait.
  ::tlm::tlm_initiator_socket<64> physical_side{"physical_side"};

  explicit Mmu(const sc_core::sc_module_name&, const MmuConfig& = {});

  // The context of every later access; a walk keeps the one that it began with (trap T104). Translations
  // stay, whatever changes: the new context judges them (trap T29). Takes back DMI grants that it does not
  // allow: all when the controls change, those of pages that are not global when the address space does, and
  // when PKRU or PKRS changes those that the page's key now denies.
  void set_context(const arch::Context&);
  const arch::Context& context() const { return context_; }

  // What rtl/README.md says under TLB maintenance. Effective at once: nothing that arrives later is answered
  // from a covered translation; a walk that was waiting in the physical side starts again. Such a walk
  // may have a compare-and-swap under way, so the acknowledge is this call's return and busy() false.
  // Other operation codes and page operations on an address that fails the sign check (x86-64: of 57 bits,
  // whatever LA57 says) cover nothing. `pte` is the last-level entry that fill_i and fill_d put into their
  // side's TLB; with V = 0 or in x86-64 they do nothing.
  void invalidate(Invalidate op, u64 va = 0, u16 asid = 0, u64 pte = 0);
  // Some access is inside, waiting in the physical side.
  bool busy() const { return under_way_ != 0; }
  // Notified (immediately) when busy() becomes false after an invalidation that found it true.
  const sc_core::sc_event& idle_event() const { return idle_; }
  // As new, with other settings: TLBs, grants and counters empty, context and controls 0. Accesses that are
  // inside start their walk again.
  void reset(const arch::Settings&);

  struct Result {
    arch::FaultReport fault;  // code none: translated
    u64 pa = 0;               // of the byte asked for
    arch::Translation translation;
  };
  // The translation of one access, with every effect that the access would have on the TLB and on A and D,
  // but no data transfer. Adds to `delay`. May wait if the physical side's b_transport does. In the Alpha
  // formats with the control REFILL there is no walk: what the TLB does not hold is Fault::miss.
  Result translate(const arch::Request&, sc_core::sc_time& delay);
  // The translation that the access would get now, without any effect: neither TLB, page tables, counters
  // nor time change. Never waits.
  Result peek(const arch::Request&);

  const MmuConfig& config() const { return config_; }
  const MmuCounters& counters() const { return counters_; }
  void reset_counters() { counters_ = {}; }

  // Forward interface (virtual side).
  void b_transport(Payload&, sc_core::sc_time& delay) override;
  // Base protocol. BEGIN_REQ is answered with TLM_COMPLETED (see MmuConfig), with TLM_UPDATED and END_REQ
  // while fewer than at_depth requests wait, else with TLM_ACCEPTED and END_REQ later; BEGIN_RESP follows
  // in order of arrival, one at a time. The payload must be reference-counted (has_mm).
  ::tlm::tlm_sync_enum nb_transport_fw(Payload&, ::tlm::tlm_phase&, sc_core::sc_time& delay) override;
  // As peek(); ends at the first page that faults and returns the bytes done.
  unsigned transport_dbg(Payload&) override;
  // Grants at most the page, and only what needs no page-table write: rights as judged for the request's
  // mode, AC and implicit (an initiator that changes one must ask again), write only where D is set.
  bool get_direct_mem_ptr(Payload&, ::tlm::tlm_dmi&) override;

  // Backward interface (physical side).
  ::tlm::tlm_sync_enum nb_transport_bw(Payload&, ::tlm::tlm_phase&, sc_core::sc_time& delay) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override;

 protected:
  // Every DMI grant that is taken back goes through here.
  virtual void revoke(const VirtualGrants::Ranges&);

 private:
  // One page's part of an access.
  struct Piece {
    u64 va = 0;
    u64 pa = 0;
    unsigned offset = 0;  // bytes from the start of the access
    unsigned length = 0;
  };
  struct Side {
    Tlb tlb;
    Accelerator accelerator;
  };

  arch::Request request_of(const Payload&) const;
  Side& side(arch::Op op) { return op == arch::Op::fetch ? instruction_ : data_; }

  // mmu.cpp
  bool hit(Payload&, sc_core::sc_time& delay);
  bool complete_at_once(Payload&, sc_core::sc_time& delay);
  void access(Payload&, sc_core::sc_time& delay);
  void access_pages(Payload&, arch::Request, sc_core::sc_time& delay);
  void transfer_piece(Payload&, const Piece&, sc_core::sc_time& delay);
  void forward(Payload&, const Piece&, sc_core::sc_time& delay);
  void report_fault(Payload&, const Result&, u64 va);
  // Where a translation came from.
  enum class Origin : u8 { address, tlb, walk };
  void remember(const arch::Request&, const arch::Context&, const Result&, Origin);
  std::optional<Result> held(const arch::Request&, const arch::Context&);
  bool refilled(const arch::Context&) const;
  void fill(Side&, u64 va, u16 asid, u64 pte);
  void retag();
  void clear_accelerators();
  void drop_from(Accelerator&, u64 va);
  void leave();

  // mmu_walk.cpp
  Result walk(const arch::Request&, const arch::Context&, sc_core::sc_time& delay);
  bool walk_directly(const arch::Request&, const arch::Context&, sc_core::sc_time& delay, Result&);
  template <class Rules>
  bool walk_once(const arch::Request&, const arch::Context&, sc_core::sc_time& delay, Result&);
  std::optional<u64> read_word(u64 pa, sc_core::sc_time& delay);
  struct Update {
    bool matched = false;
    u64 old = 0;
  };
  std::optional<Update> update_word(const arch::EntryWrite&, sc_core::sc_time& delay);
  std::optional<Update> update_by_transport(const arch::EntryWrite&, sc_core::sc_time& delay);
  bool transport_word(::tlm::tlm_command, u64 pa, u64& word, sc_core::sc_time& delay);
  void drop_faulting(u64 va, u16 asid);

  // mmu_direct.cpp
  void acquire_window(::tlm::tlm_command, u64 pa);
  struct Settled {
    Result result;
    bool update_due = false;  // A or D would have to be written first
  };
  Settled settled(const arch::Request&);
  std::optional<u64> debug_word(u64 pa);

  // mmu_at.cpp
  void serve();
  void accept(Payload&);
  void respond(Payload&, sc_core::sc_time& delay);

  MmuConfig config_;
  arch::FormatInfo info_;  // of the longest addresses
  u64 in_page_;            // mask of the bits inside the smallest page
  arch::Context context_;
  ContextTags tags_;
  u16 tag_ = 0;  // of context_
  Side instruction_;
  Side data_;
  u64 invalidation_epoch_ = 0;
  unsigned under_way_ = 0;  // calls of access() and translate(), nested ones too
  bool idle_wanted_ = false;
  sc_core::sc_event idle_{"idle"};
  PhysicalWindows windows_;
  VirtualGrants grants_;
  PayloadPool pool_;
  MmuCounters counters_;

  tlm_utils::peq_with_get<Payload> requests_{"requests"};
  unsigned waiting_ = 0;  // requests that have had END_REQ and are not yet in service
  bool serving_ = false;
  Payload* unaccepted_ = nullptr;    // BEGIN_REQ seen, END_REQ still due
  sc_core::sc_time unaccepted_due_;  // when that BEGIN_REQ takes effect
  Payload* responding_ = nullptr;    // BEGIN_RESP sent, END_RESP still due
  sc_core::sc_time response_end_;    // when the last END_RESP takes effect
  sc_core::sc_event response_taken_{"response_taken"};
};

}  // namespace kilburn::tlm
