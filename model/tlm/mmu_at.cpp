// SPDX-License-Identifier: Apache-2.0
//
// Non-blocking transport of the Mmu: the base protocol on the virtual side (IEEE 1666-2011 clause 16.2).
//
// A request that cannot complete in its own call waits for one thread, which serves in order of
// effective arrival by blocking transport; nb_transport itself may neither wait nor call b_transport.
#include "model/tlm/mmu.h"

namespace kilburn::tlm {
namespace {

void protocol_error(const char* what) { SC_REPORT_ERROR("/kilburn/tlm/mmu/protocol", what); }

}  // namespace

::tlm::tlm_sync_enum Mmu::nb_transport_fw(Payload& trans, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == ::tlm::END_RESP) {
    if (responding_ != &trans) {
      protocol_error("END_RESP without a response");
      return ::tlm::TLM_COMPLETED;
    }
    responding_ = nullptr;
    response_end_ = sc_core::sc_time_stamp() + delay;
    response_taken_.notify(delay);
    return ::tlm::TLM_COMPLETED;
  }
  if (phase != ::tlm::BEGIN_REQ) {
    const bool of_base_protocol =
        phase == ::tlm::UNINITIALIZED_PHASE || phase == ::tlm::END_REQ || phase == ::tlm::BEGIN_RESP;
    if (of_base_protocol) protocol_error("only BEGIN_REQ and END_RESP go forwards");
    return ::tlm::TLM_ACCEPTED;  // other phases are ignorable
  }
  if (!trans.has_mm() || unaccepted_ != nullptr) {
    protocol_error(trans.has_mm() ? "BEGIN_REQ before the END_REQ of the request before it"
                                  : "non-blocking transport of a payload that is not reference-counted");
    trans.set_response_status(::tlm::TLM_GENERIC_ERROR_RESPONSE);
    return ::tlm::TLM_COMPLETED;
  }
  const bool nothing_before = waiting_ == 0 && !serving_;
  if (config_.at_early_completion && nothing_before && complete_at_once(trans, delay)) return ::tlm::TLM_COMPLETED;

  trans.acquire();
  requests_.notify(trans, delay);
  if (waiting_ < config_.at_depth) {
    ++waiting_;
    phase = ::tlm::END_REQ;
    return ::tlm::TLM_UPDATED;
  }
  unaccepted_ = &trans;
  unaccepted_due_ = sc_core::sc_time_stamp() + delay;
  return ::tlm::TLM_ACCEPTED;
}

void Mmu::serve() {
  for (;;) {
    wait(requests_.get_event());
    while (Payload* trans = requests_.get_next_transaction()) {
      serving_ = true;
      accept(*trans);
      sc_core::sc_time delay;
      b_transport(*trans, delay);
      respond(*trans, delay);
      trans->release();
      serving_ = false;
    }
  }
}

// Takes a request into service. Its place goes to the request that has been held at BEGIN_REQ, which may
// be this very one: effective arrival need not follow the order of the calls.
void Mmu::accept(Payload& trans) {
  if (&trans != unaccepted_) --waiting_;
  if (unaccepted_ == nullptr) return;
  Payload& held = *unaccepted_;
  unaccepted_ = nullptr;
  if (&held != &trans) ++waiting_;
  ::tlm::tlm_phase phase = ::tlm::END_REQ;
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  sc_core::sc_time delay = unaccepted_due_ > now ? unaccepted_due_ - now : sc_core::SC_ZERO_TIME;
  virtual_side->nb_transport_bw(held, phase, delay);
}

// Sends BEGIN_RESP and returns when END_RESP has been had, so that there is one response at a time.
void Mmu::respond(Payload& trans, sc_core::sc_time& delay) {
  ::tlm::tlm_phase phase = ::tlm::BEGIN_RESP;
  responding_ = &trans;
  response_end_ = sc_core::SC_ZERO_TIME;
  if (virtual_side->nb_transport_bw(trans, phase, delay) != ::tlm::TLM_ACCEPTED) {
    responding_ = nullptr;
    wait(delay);
    return;
  }
  while (responding_ != nullptr) wait(response_taken_);
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  if (response_end_ > now) wait(response_end_ - now);
}

::tlm::tlm_sync_enum Mmu::nb_transport_bw(Payload&, ::tlm::tlm_phase&, sc_core::sc_time&) {
  protocol_error("the physical side answered a request that was never made");
  return ::tlm::TLM_COMPLETED;
}

}  // namespace kilburn::tlm
