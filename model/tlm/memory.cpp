// SPDX-License-Identifier: Apache-2.0
//
// The simple physical memory.
#include "model/tlm/memory.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

namespace kilburn::tlm {

// calloc: untouched pages of a large memory cost nothing.
Memory::Memory(const sc_core::sc_module_name& name, const MemoryConfig& config)
    : sc_module(name), config_(config), bytes_(static_cast<unsigned char*>(std::calloc(config.bytes, 1))) {
  if (bytes_ == nullptr) throw std::bad_alloc();
  socket.bind(*this);
}

arch::u64 Memory::load64(arch::u64 pa) const {
  if (!inside(pa, 8)) throw std::out_of_range("physical address outside the memory");
  arch::u64 word = 0;
  std::memcpy(&word, bytes_.get() + pa, 8);
  return word;
}

void Memory::store64(arch::u64 pa, arch::u64 word) {
  if (!inside(pa, 8)) throw std::out_of_range("physical address outside the memory");
  std::memcpy(bytes_.get() + pa, &word, 8);
}

void Memory::set_direct(bool read, bool write) {
  config_.direct_read = read;
  config_.direct_write = write;
  socket->invalidate_direct_mem_ptr(0, config_.bytes - 1);
}

::tlm::tlm_response_status Memory::compare_and_swap(const Payload& trans, CasExtension& cas) {
  cas.served = true;
  cas.matched = false;
  const arch::u64 pa = trans.get_address();
  if (trans.get_data_length() != 8 || pa % 8 != 0) return ::tlm::TLM_BURST_ERROR_RESPONSE;
  if (trans.get_data_ptr() == nullptr) return ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  if (!inside(pa, 8)) return ::tlm::TLM_ADDRESS_ERROR_RESPONSE;
  cas.old = load64(pa);
  cas.matched = cas.old == cas.expect;
  if (cas.matched) std::memcpy(bytes_.get() + pa, trans.get_data_ptr(), 8);
  return ::tlm::TLM_OK_RESPONSE;
}

::tlm::tlm_response_status Memory::move(Payload& trans) {
  if (trans.get_command() == ::tlm::TLM_IGNORE_COMMAND) {
    auto* cas = trans.get_extension<CasExtension>();
    return cas != nullptr ? compare_and_swap(trans, *cas) : ::tlm::TLM_OK_RESPONSE;
  }
  const unsigned length = trans.get_data_length();
  if (length == 0 || trans.get_streaming_width() < length) return ::tlm::TLM_BURST_ERROR_RESPONSE;
  const unsigned char* enable = trans.get_byte_enable_ptr();
  unsigned char* data = trans.get_data_ptr();
  if (data == nullptr || (enable != nullptr && trans.get_byte_enable_length() == 0)) {
    return ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  }
  if (!inside(trans.get_address(), length)) return ::tlm::TLM_ADDRESS_ERROR_RESPONSE;
  unsigned char* bytes = bytes_.get() + trans.get_address();
  if (enable == nullptr) {
    trans.is_write() ? std::memcpy(bytes, data, length) : std::memcpy(data, bytes, length);
    return ::tlm::TLM_OK_RESPONSE;
  }
  for (unsigned i = 0; i < length; ++i) {
    if (enable[i % trans.get_byte_enable_length()] != TLM_BYTE_ENABLED) continue;
    trans.is_write() ? bytes[i] = data[i] : data[i] = bytes[i];
  }
  return ::tlm::TLM_OK_RESPONSE;
}

void Memory::b_transport(Payload& trans, sc_core::sc_time& delay) {
  const auto* cas = trans.get_extension<CasExtension>();
  delay += trans.is_write() || (cas != nullptr && !trans.is_read()) ? config_.write_time : config_.read_time;
  trans.set_response_status(move(trans));
  trans.set_dmi_allowed(trans.is_read() ? config_.direct_read : config_.direct_write);
}

::tlm::tlm_sync_enum Memory::nb_transport_fw(Payload& trans, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == ::tlm::BEGIN_REQ) {
    b_transport(trans, delay);  // never waits
    return ::tlm::TLM_COMPLETED;
  }
  return ::tlm::TLM_ACCEPTED;
}

unsigned Memory::transport_dbg(Payload& trans) {
  const arch::u64 pa = trans.get_address();
  if (pa >= config_.bytes || trans.get_command() == ::tlm::TLM_IGNORE_COMMAND) return 0;
  const auto length = static_cast<unsigned>(std::min<arch::u64>(trans.get_data_length(), config_.bytes - pa));
  unsigned char* bytes = bytes_.get() + pa;
  trans.is_write() ? std::memcpy(bytes, trans.get_data_ptr(), length)
                   : std::memcpy(trans.get_data_ptr(), bytes, length);
  return length;
}

bool Memory::get_direct_mem_ptr(Payload& trans, ::tlm::tlm_dmi& dmi) {
  dmi.init();
  if (!inside(trans.get_address(), 1)) {
    dmi.set_start_address(config_.bytes);
    return false;
  }
  dmi.set_end_address(config_.bytes - 1);
  if (!(trans.is_write() ? config_.direct_write : config_.direct_read)) return false;
  dmi.set_dmi_ptr(bytes_.get());
  dmi.set_read_latency(config_.read_time);
  dmi.set_write_latency(config_.write_time);
  dmi.set_granted_access(config_.direct_read && config_.direct_write ? ::tlm::tlm_dmi::DMI_ACCESS_READ_WRITE
                         : config_.direct_write                      ? ::tlm::tlm_dmi::DMI_ACCESS_WRITE
                                                                     : ::tlm::tlm_dmi::DMI_ACCESS_READ);
  return true;
}

}  // namespace kilburn::tlm
