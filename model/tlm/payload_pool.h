// SPDX-License-Identifier: Apache-2.0
//
// Reused payloads for the Mmu's own transactions: building one costs five times a b_transport.
#pragma once

#include <memory>
#include <vector>

#include "model/tlm/extensions.h"

namespace kilburn::tlm {

class PayloadPool : private ::tlm::tlm_mm_interface {
 public:
  // A payload for as long as the lease lives. Several may be out at once: a target that waits lets
  // another process enter the same Mmu.
  class Lease {
   public:
    explicit Lease(PayloadPool& pool) : payload_(pool.take()) {}
    ~Lease() { payload_->release(); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Payload& operator*() const { return *payload_; }
    Payload* operator->() const { return payload_; }

   private:
    Payload* payload_;
  };

  // Fills in every attribute of a plain transaction of `length` bytes at physical address `pa`.
  static void aim(Payload& payload, ::tlm::tlm_command command, arch::u64 pa, unsigned char* data, unsigned length) {
    payload.set_command(command);
    payload.set_address(pa);
    payload.set_data_ptr(data);
    payload.set_data_length(length);
    payload.set_streaming_width(length);
    payload.set_byte_enable_ptr(nullptr);
    payload.set_byte_enable_length(0);
    payload.set_dmi_allowed(false);
    payload.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  }

 private:
  Payload* take() {
    if (idle_.empty()) {
      owned_.emplace_back(new Payload(this));
      idle_.push_back(owned_.back().get());
    }
    Payload* payload = idle_.back();
    idle_.pop_back();
    payload->acquire();
    return payload;
  }
  void free(Payload* payload) override {
    payload->reset();
    idle_.push_back(payload);
  }

  std::vector<std::unique_ptr<Payload>> owned_;
  std::vector<Payload*> idle_;
};

}  // namespace kilburn::tlm
