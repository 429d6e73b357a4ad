// SPDX-License-Identifier: Apache-2.0
//
// The names of formats, faults, operations and modes as users read and type them.
#include "model/arch/types.h"

namespace kilburn::arch {

std::string_view name(Format format) {
  switch (format) {
    case Format::x86_64:
      return "x86-64";
    case Format::alpha:
      return "alpha";
    case Format::alpha_x64:
      return "alpha-x64";
  }
  return "unknown format";
}

std::optional<Format> format_from_name(std::string_view text) {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    if (text == name(format)) return format;
  }
  return std::nullopt;
}

std::string_view name(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::page:
      return "#PF";
    case Fault::general:
      return "#GP";
    case Fault::bus:
      return "bus error";
    case Fault::miss:
      return "TLB miss";
    case Fault::tnv:
      return "TNV";
    case Fault::acv:
      return "ACV";
    case Fault::on_read:
      return "FOR";
    case Fault::on_execute:
      return "FOE";
    case Fault::on_write:
      return "FOW";
  }
  return "unknown fault";
}

std::string_view name(Op op) {
  switch (op) {
    case Op::read:
      return "read";
    case Op::write:
      return "write";
    case Op::fetch:
      return "fetch";
  }
  return "unknown operation";
}

std::string_view name(Mode mode) {
  switch (mode) {
    case Mode::kernel:
      return "kernel";
    case Mode::executive:
      return "executive";
    case Mode::supervisor:
      return "supervisor";
    case Mode::user:
      return "user";
  }
  return "unknown mode";
}

}  // namespace kilburn::arch
