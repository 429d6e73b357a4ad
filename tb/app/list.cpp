// SPDX-License-Identifier: Apache-2.0
//
// Listings for people and, with --json, for machines.
#include "tb/app/list.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <optional>

#include "model/arch/format.h"
#include "sw/check/properties.h"
#include "sw/core/bugs.h"
#include "sw/workload/workload.h"
#include "tb/dut/loader.h"
#include "tb/dut/models/wild_dut.h"
#include "tb/errors.h"

namespace kilburn::tb {
namespace json = boost::json;

namespace {

constexpr const char* kUsage =
    "Usage: kilburn list [tests|workloads|duts|formats|bugs|audits] [--json]\n"
    "\n"
    "Lists built-in tests, workloads of the OS, installed DUTs, page-table formats, seeded bugs, and the properties\n"
    "that runs of the OS must have; all of them without a word.\n"
    "\n"
    "A property is looked at: access, at every access of a program; change, when an entry changes, an invalidation\n"
    "starts or ends, a frame is given or freed; fault, around every fault, system call and signal; interval, by the\n"
    "audits (kilburn run --os-audit-at); end, when the run is over; test, by tests of several runs or of one\n"
    "operation. kilburn run --os-checks-off passes over any but those of tests and those that are always on.\n";

// A table: rows of name, what it belongs to, description, and where a bug was seen or a property is looked at.
struct Row {
  std::string name, of, text;
  std::string source = {};
  std::optional<bool> can_be_off = {};
};

constexpr arch::Format kFormats[] = {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64};

std::vector<Row> tests() {
  return {
      {"random", "any DUT", "constrained-random requests, invalidations, page-table edits, memory timing"},
      {"decisions", "any DUT", "every rule, level and cause about as often as every other, an access at a time"},
      {"scenes", "any DUT", "what chance meets seldom, made on purpose: every rule, change, race and invalidation"}};
}

std::vector<Row> workloads() {
  std::vector<Row> rows;
  for (const os::Workload& w : os::workloads()) {
    rows.push_back({std::string(w.name), std::string(w.needs), std::string(w.what), std::string(w.source)});
  }
  return rows;
}

std::vector<Row> formats() {
  std::vector<Row> rows;
  for (const auto format : kFormats) {
    const auto info = arch::info(format);
    rows.push_back({std::string(arch::name(format)), std::to_string(info.levels) + " levels",
                    std::to_string(info.va_bits) + "-bit addresses, pages from " +
                        std::to_string((1u << info.page_shift) / 1024) + " KB, accessed and dirty bits by " +
                        (info.hardware_ad ? "hardware" : "fault handlers")});
  }
  return rows;
}

std::vector<Row> duts() {
  std::vector<Row> rows;
  for (const auto& dut : installed_duts()) {
    const auto library = DutLibrary::load(dut.path.string(), dut.format);
    rows.push_back(
        {dut.name, std::string(arch::name(dut.format)), library.api().description ? library.api().description : ""});
  }
  for (const auto format : kFormats) {
    const std::string name(arch::name(format));
    rows.push_back({"arch", name, "the architectural walk, no TLB"});
    rows.push_back({"tlm", name, "the loosely timed SystemC TLM-2.0 model"});
    for (const auto& wild : wild_dut_names()) rows.push_back({wild, name, wild_dut(wild, format)->description});
  }
  return rows;
}

void add_bugs(const kilburn_dut_api& api, const std::string& of, std::vector<Row>& rows) {
  if (!api.bugs) return;
  for (const char* const* bug = api.bugs; *bug; ++bug) {
    const std::string text = *bug;  // ID, sentence and source, separated by tabs
    const auto tab = text.find('\t');
    const auto tab2 = text.find('\t', tab + 1);
    rows.push_back({text.substr(0, tab), of, text.substr(tab + 1, tab2 - tab - 1),
                    tab2 == std::string::npos ? "" : text.substr(tab2 + 1)});
  }
}

std::vector<Row> bugs() {
  std::vector<Row> rows;
  for (const auto& dut : installed_duts()) {
    const auto library = DutLibrary::load(dut.path.string(), dut.format);
    add_bugs(library.api(), dut.name + " " + std::string(arch::name(dut.format)), rows);
  }
  for (const auto format : kFormats) {
    add_bugs(*wild_dut("wild", format), "wild " + std::string(arch::name(format)), rows);
  }
  for (const auto& bug : os::bug_names()) rows.push_back({std::string(bug.id), "os", std::string(bug.text)});
  return rows;
}

std::vector<Row> audits() {
  std::vector<Row> rows;
  for (const os::Property& p : os::properties()) {
    rows.push_back(
        {std::string(p.id), std::string(os::name(p.when)), std::string(p.text), std::string(p.where), p.can_be_off()});
  }
  return rows;
}

// What is listed; `column` is the second column's name in JSON.
constexpr struct Listing {
  std::string_view name, column;
  std::vector<Row> (*rows)();
} kListings[] = {{"tests", "of", tests},     {"workloads", "of", workloads}, {"duts", "of", duts},
                 {"formats", "of", formats}, {"bugs", "of", bugs},           {"audits", "when", audits}};

json::array to_json(const std::vector<Row>& rows, std::string_view column) {
  json::array array;
  for (const auto& row : rows) {
    json::object object{{"name", row.name}, {column, row.of}, {"description", row.text}};
    if (!row.source.empty()) object[row.can_be_off ? "where" : "source"] = row.source;
    if (row.can_be_off) object["can_be_off"] = *row.can_be_off;
    array.push_back(std::move(object));
  }
  return array;
}

void print(std::string_view title, const std::vector<Row>& rows) {
  std::cout << title << "\n";
  for (const auto& row : rows) {
    std::string line = "  " + row.name;
    line.resize(std::max<std::size_t>(line.size() + 2, 24), ' ');
    line += row.of;
    line.resize(std::max<std::size_t>(line.size() + 2, 44), ' ');
    std::cout << line << row.text << (row.source.empty() ? "" : " (" + row.source + ")")
              << (row.can_be_off == false && row.of != "test" ? ", always on" : "") << "\n";
  }
}

}  // namespace

int list_command(const std::vector<std::string>& arguments) {
  bool as_json = false;
  std::string what;
  for (const auto& word : arguments) {
    if (word == "--help") {
      std::cout << kUsage;
      return 0;
    }
    if (word == "--json") {
      as_json = true;
    } else if (what.empty() && std::ranges::find(kListings, word, &Listing::name) != std::end(kListings)) {
      what = word;
    } else {
      throw UserError("list does not know \"" + word + "\"; it lists tests, workloads, duts, formats, bugs, audits");
    }
  }
  json::object all;
  for (const Listing& listing : kListings) {
    if (!what.empty() && what != listing.name) continue;
    const auto rows = listing.rows();
    if (as_json)
      all[listing.name] = to_json(rows, listing.column);
    else
      print(listing.name, rows);
  }
  if (as_json) std::cout << json::serialize(all) << "\n";
  return 0;
}

}  // namespace kilburn::tb
