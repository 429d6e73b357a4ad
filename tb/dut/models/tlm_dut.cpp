// SPDX-License-Identifier: Apache-2.0
//
// `--dut tlm`: the loosely timed module tlm::Mmu at the pins.
//
// Its translate() is a call that returns when the translation is there, and asks for page-table words by
// b_transport in the middle of it. Each side therefore runs on a stack of its own (fiber.h): b_transport leaves
// that stack until the pins have brought the memory's reply.
#include "tb/dut/models/fiber.h"
#include "tb/dut/models/models.h"
#include "tb/dut/models/pins.h"

// After the standard headers of the above: SystemC.
#include "model/tlm/mmu.h"

namespace kilburn::tb {
namespace {

namespace event = arch::layout::Event;
using models::Answer;
using models::MemoryOp;
using models::MemoryReply;
using models::Step;
using models::u16;
using models::u32;
using models::u64;
using models::u8;

constexpr unsigned kTlbEntries = 64;  // a side: few enough that random tests replace some

// One side's translation, on its own stack.
class Lane {
 public:
  explicit Lane(tlm::Mmu& mmu) : mmu_(mmu) {}

  Step begin(const arch::Request& request) {
    request_ = request;
    answer_.reset();
    return go_on();
  }
  Step resume(const MemoryReply& reply) {
    reply_ = reply;
    return go_on();
  }
  bool under_way() const { return fiber_.inside_work(); }

  // On the lane's stack: asks the pins and returns with their reply.
  MemoryReply ask(const MemoryOp& op) {
    asked_ = op;
    fiber_.leave();
    return reply_;
  }

 private:
  Step go_on() {
    fiber_.enter([this] {
      sc_core::sc_time unused;
      answer_ = mmu_.translate(request_, unused);
    });
    if (!answer_) return asked_;
    return Answer{answer_->fault, answer_->pa, answer_->translation};
  }

  tlm::Mmu& mmu_;
  arch::Request request_;
  MemoryOp asked_;
  MemoryReply reply_;
  std::optional<tlm::Mmu::Result> answer_;
  models::Fiber fiber_;
};

// The module, with nobody on its virtual side and the lanes on its physical side.
class Unit final : public sc_core::sc_module, public ::tlm::tlm_fw_transport_if<>, public ::tlm::tlm_bw_transport_if<> {
 public:
  const arch::Format format;
  bool taken = false;

  Unit(const sc_core::sc_module_name& name, arch::Format f)
      : sc_module(name), format(f), mmu_("mmu", config(f)), lanes_{Lane(mmu_), Lane(mmu_)} {
    nobody_.bind(*this);
    words_.bind(*this);
    nobody_.bind(mmu_.virtual_side);
    mmu_.physical_side.bind(words_);
  }

  tlm::Mmu& mmu() { return mmu_; }
  Step begin(unsigned side, const arch::Request& request) {
    return on(side, [&](Lane& lane) { return lane.begin(request); });
  }
  Step resume(unsigned side, const MemoryReply& reply) {
    return on(side, [&](Lane& lane) { return lane.resume(reply); });
  }
  // Nobody waits for what the lanes do: every word is refused until they are done.
  void drain() {
    for (unsigned side = 0; side < 2; ++side) {
      while (lanes_[side].under_way()) resume(side, {0, false, true});
    }
  }

  // Physical side. A page-table word is read, or updated by compare-and-swap; nothing else comes here.
  void b_transport(tlm::Payload& trans, sc_core::sc_time&) override {
    auto* cas = trans.get_extension<tlm::CasExtension>();
    if (current_ == nullptr || trans.get_data_length() != 8 || trans.is_write() ||
        (trans.get_command() == ::tlm::TLM_IGNORE_COMMAND && cas == nullptr)) {
      trans.set_response_status(::tlm::TLM_COMMAND_ERROR_RESPONSE);
      return;
    }
    MemoryOp op{trans.get_address(), false, 0, 0};
    if (cas != nullptr) {
      op.swap = true;
      op.expect = cas->expect;
      std::memcpy(&op.desired, trans.get_data_ptr(), 8);
    }
    const MemoryReply reply = current_->ask(op);
    if (cas != nullptr) {
      cas->served = true;
      cas->matched = reply.matched && !reply.error;
      cas->old = reply.data;
    } else {
      std::memcpy(trans.get_data_ptr(), &reply.data, 8);
    }
    trans.set_response_status(reply.error ? ::tlm::TLM_ADDRESS_ERROR_RESPONSE : ::tlm::TLM_OK_RESPONSE);
  }
  ::tlm::tlm_sync_enum nb_transport_fw(tlm::Payload& trans, ::tlm::tlm_phase&, sc_core::sc_time&) override {
    trans.set_response_status(::tlm::TLM_COMMAND_ERROR_RESPONSE);
    return ::tlm::TLM_COMPLETED;
  }
  unsigned transport_dbg(tlm::Payload&) override { return 0; }
  bool get_direct_mem_ptr(tlm::Payload&, ::tlm::tlm_dmi&) override { return false; }
  // Virtual side.
  ::tlm::tlm_sync_enum nb_transport_bw(tlm::Payload&, ::tlm::tlm_phase&, sc_core::sc_time&) override {
    return ::tlm::TLM_COMPLETED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

 private:
  static tlm::MmuConfig config(arch::Format f) {
    tlm::MmuConfig c;
    c.format = f;
    c.tlb_entries = kTlbEntries;
    c.use_direct_memory = false;
    return c;
  }
  template <class Do>
  Step on(unsigned side, Do&& what) {
    current_ = &lanes_[side];
    Step step = what(lanes_[side]);
    current_ = nullptr;
    return step;
  }

  tlm::Mmu mmu_;
  ::tlm::tlm_initiator_socket<64> nobody_{"nobody"};
  ::tlm::tlm_target_socket<64> words_{"words"};
  std::array<Lane, 2> lanes_;
  Lane* current_ = nullptr;  // whose stack is in use
};

// Every module made, for the life of the process: SystemC keeps them in its hierarchy to the end.
std::vector<std::unique_ptr<Unit>>& units() {
  static auto& all = *new std::vector<std::unique_ptr<Unit>>;
  return all;
}

Unit* make_unit(arch::Format format) {
  return units().emplace_back(std::make_unique<Unit>(sc_core::sc_gen_unique_name("tlm_dut"), format)).get();
}

class TlmEngine final : public models::Engine {
 public:
  explicit TlmEngine(Unit& unit) : unit_(unit) { unit.taken = true; }
  ~TlmEngine() override {
    unit_.drain();
    unit_.taken = false;
  }

  void reset(const arch::Settings& settings) override {
    settings_ = settings;
    unit_.drain();
    unit_.mmu().reset(settings);
    counted_ = {};
  }

  Step begin(unsigned side, const arch::Request& request, const arch::Context& context) override {
    unit_.mmu().set_context(context);
    const Step step = unit_.begin(side, request);
    const auto* answer = std::get_if<Answer>(&step);
    const bool direct = arch::before_tlb(unit_.format, settings_, request, context).kind != arch::Direct::Kind::none;
    const bool miss = answer == nullptr || answer->fault.code == arch::Fault::miss;
    const unsigned i_event = direct ? event::I_DIRECT : miss ? event::I_MISS : event::I_HIT;
    const unsigned d_event = direct ? event::D_DIRECT : miss ? event::D_MISS : event::D_HIT;
    ++counted_[side == 0 ? i_event : d_event];
    return step;
  }

  Step resume(unsigned side, const MemoryReply& reply) override {
    const Step step = unit_.resume(side, reply);
    if (const auto* answer = std::get_if<Answer>(&step)) {
      if (answer->fault.code != arch::Fault::none) ++counted_[event::WALK_FAULT];
    }
    return step;
  }

  void maintain(u8 op, u64 va, u16 asid, u64 pte) override {
    unit_.mmu().invalidate(static_cast<tlm::Invalidate>(op), va, asid, pte);
  }

  void count(models::Events& events) override {
    for (const unsigned n : {event::I_HIT, event::I_MISS, event::I_DIRECT, event::D_HIT, event::D_MISS, event::D_DIRECT,
                             event::WALK_FAULT}) {
      events[n] += std::exchange(counted_[n], 0);
    }
    const tlm::MmuCounters& c = unit_.mmu().counters();
    events[event::WALK] = static_cast<u32>(c.walks);
    events[event::KILL] = static_cast<u32>(c.restarts);
    events[event::FILL] = static_cast<u32>(c.fills);
  }

 private:
  Unit& unit_;
  arch::Settings settings_;
  models::Events counted_{};
};

std::unique_ptr<models::Engine> make_engine(arch::Format format) {
  for (const auto& unit : units()) {
    if (!unit->taken && unit->format == format) return std::make_unique<TlmEngine>(*unit);
  }
  if (sc_core::sc_get_status() != sc_core::SC_ELABORATION) return nullptr;
  return std::make_unique<TlmEngine>(*make_unit(format));
}

}  // namespace

const kilburn_dut_api& tlm_dut(arch::Format format) {
  return models::api<make_engine>(format, "tlm", "the loosely timed SystemC module model/tlm at the pins");
}

void elaborate_tlm_duts(arch::Format format, unsigned instances) {
  for (unsigned n = 0; n < instances; ++n) make_unit(format);
}

}  // namespace kilburn::tb
