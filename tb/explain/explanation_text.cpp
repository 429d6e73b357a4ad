// SPDX-License-Identifier: Apache-2.0
//
// An explanation as lines for people.
#include <cstdio>

#include "model/arch/format.h"
#include "tb/explain/explanation.h"
#include "tb/explain/named_bits.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;

namespace ctl = arch::layout::Controls;

namespace {

std::string digits(u64 value, int width) {
  char buffer[24];
  std::snprintf(buffer, sizeof buffer, "%0*llx", width, static_cast<unsigned long long>(value));
  return buffer;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string fault_text(arch::Fault fault, arch::u16 error) {
  std::string text(arch::name(fault));
  if (fault == arch::Fault::page) {
    text += ", error code " + hex(error) + " (" + joined(named_bits(WordLayout::PageFaultError, error)) + ")";
  }
  return text;
}

std::string request_line(const Explanation& told) {
  const arch::Request& request = told.request;
  std::string line = std::string(arch::name(request.op)) + " of " + digits(request.va, 16) + " in mode " +
                     std::string(arch::name(request.mode));
  if (told.format == arch::Format::x86_64) {
    if (request.implicit) line += ", implicit";
    if (request.op != arch::Op::fetch) line += request.ac ? ", AC = 1" : ", AC = 0";
  }
  return line;
}

std::string context_line(const Explanation& told) {
  const arch::Context& context = told.context;
  const bool x86 = told.format == arch::Format::x86_64;
  std::string line = "root " + hex(context.root) + (x86 ? ", PCID " : ", ASN ") + std::to_string(context.asid) +
                     ", controls " + joined(named_bits(WordLayout::Controls, context.controls));
  if (x86) {
    if (ctl::PKE.test(context.controls)) line += ", PKRU " + digits(context.pkru, 8);
    if (ctl::PKS.test(context.controls)) line += ", PKRS " + digits(context.pkrs, 8);
    line += "; MAXPHYADDR " + std::to_string(told.settings.pa_width);
    if (!told.settings.page_1g) line += ", no 1 GB pages";
    if (told.settings.amd) line += ", AMD";
  } else if (told.settings.vms) {
    line += "; VMS layout";
  }
  return line;
}

}  // namespace

std::string page_size(unsigned page_log2) {
  static constexpr const char* kUnits[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
  return std::to_string(u64{1} << page_log2 % 10) + " " + kUnits[page_log2 / 10];
}

std::string decision(const arch::Outcome& outcome) {
  if (outcome.fault.code != arch::Fault::none) {
    std::string line = fault_text(outcome.fault.code, outcome.fault.error);
    if (outcome.fault.level != 0) line += ", decided at level " + std::to_string(outcome.fault.level);
    return line;
  }
  const arch::Translation& t = outcome.translation;
  return "translated to " + hex(outcome.pa) + ", " + page_size(t.page_log2) +
         (outcome.steps.empty() ? " region without page tables" : " page") + ", memory type " +
         std::to_string(t.memory_type) + (t.global ? ", global" : ", not global");
}

std::vector<ComparedField> compare_answer(arch::Format format, const arch::Outcome& outcome, const DutAnswer& dut) {
  std::vector<ComparedField> rows;
  const auto row = [&](const char* name, std::string expected, std::string found) {
    const bool agrees = expected == found;
    rows.push_back({name, std::move(expected), std::move(found), agrees});
  };
  const auto outcome_name = [](arch::Fault fault) {
    return fault == arch::Fault::none ? std::string("translated") : std::string(arch::name(fault));
  };
  const arch::FaultReport& fault = outcome.fault;
  row("outcome", outcome_name(fault.code), outcome_name(dut.fault));
  if (fault.code == arch::Fault::none || dut.fault == arch::Fault::none) {
    const auto none = [](bool translated, std::string text) { return translated ? std::move(text) : std::string("-"); };
    const bool want = fault.code == arch::Fault::none, got = dut.fault == arch::Fault::none;
    const arch::Translation& t = outcome.translation;
    row("physical address", none(want, hex(outcome.pa)), none(got, hex(dut.pa)));
    row("page size", none(want, page_size(t.page_log2)), none(got, page_size(dut.page_log2)));
    if (format == arch::Format::x86_64) {
      row("memory type", none(want, std::to_string(t.memory_type)), none(got, std::to_string(dut.memory_type)));
    }
    row("global", none(want, t.global ? "yes" : "no"), none(got, dut.global ? "yes" : "no"));
  }
  if (fault.code == arch::Fault::page || dut.fault == arch::Fault::page) {
    const auto code = [](arch::Fault f, arch::u16 error) {
      return f == arch::Fault::page ? hex(error) + " " + joined(named_bits(WordLayout::PageFaultError, error))
                                    : std::string("-");
    };
    row("error code", code(fault.code, fault.error), code(dut.fault, dut.error));
  }
  if (fault.code != arch::Fault::none && dut.fault != arch::Fault::none) {
    row("deciding level", std::to_string(fault.level), std::to_string(dut.level));
  }
  return rows;
}

std::vector<std::string> lines(const Explanation& told) {
  std::vector<std::string> out = {request_line(told), "  " + context_line(told)};
  for (const ExplainedLevel& level : told.levels) {
    std::string line = "  " + padded(level.table + "[" + std::to_string(level.index) + "]", 11) + "at " +
                       padded(digits(level.pa, 13), 14);
    if (!level.value) {
      out.push_back(line + "could not be read: no memory there");
      continue;
    }
    line += digits(*level.value, 16) + "  ";
    const bool valid = (*level.value & 1) != 0;  // P, V
    if (!valid && told.format == arch::Format::x86_64)
      line += "not present";
    else
      line += joined(level.bits);
    if (level.next) {
      const bool leaf = &level == &told.levels.back() && told.outcome.fault.code == arch::Fault::none;
      line += std::string("; ") + (leaf ? "page at " : "points to ") + hex(*level.next);
    }
    out.push_back(std::move(line));
    if (!level.reserved.empty()) out.push_back("             reserved but set: " + joined(level.reserved, ", "));
    if (!level.rights.empty()) out.push_back("             rights so far: " + level.rights);
    if (level.updated) {
      const u64 set = *level.updated & ~*level.value;
      out.push_back("             the walk sets " + joined(named_bits(WordLayout::X86Pte, set)) + ": " +
                    digits(*level.updated, 16));
    }
  }
  if (told.levels.empty()) out.push_back("  decided from the address, before any page table is read");
  out.push_back("  " + decision(told.outcome));
  if (told.outcome.fault.code != arch::Fault::none) {
    const arch::RuleInfo& rule = arch::info(told.outcome.fault.rule);
    out.push_back("  rule " + std::string(rule.id) + ": " + std::string(rule.when));
    out.push_back("  source: " + std::string(rule.source) +
                  (rule.traps.empty() ? std::string() : "; traps " + std::string(rule.traps)));
  }
  if (!told.compared.empty()) {
    out.push_back("");
    out.push_back("  " + padded("", 20) + padded("architecture", 26) + "DUT");
    for (const ComparedField& row : told.compared) {
      out.push_back("  " + padded(row.name, 20) + padded(row.expected, 26) + row.found +
                    (row.agrees ? "" : "   <- differs"));
    }
  }
  return out;
}

}  // namespace kilburn::tb
