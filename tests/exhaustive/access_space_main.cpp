// SPDX-License-Identifier: Apache-2.0
//
// Runs a space of cases in full, a range of it or a sample, on any DUT: the nightly form of the tests beside it.
#include <boost/program_options.hpp>
#include <chrono>
#include <iostream>

#include "tb/errors.h"
#include "tests/exhaustive/space.h"

namespace po = boost::program_options;
using namespace kilburn;
using namespace kilburn::exhaustive;

namespace {

int list() {
  for (const Space& s : spaces()) std::cout << s.name << "  " << arch::name(s.format) << "  " << s.cases << " cases\n";
  return 0;
}

int run(const Space& s, const std::string& dut, const std::string& bug, bool exact, const Sweep& range) {
  const auto machine = make_machine(dut, s.format, bug, exact);
  const auto start = std::chrono::steady_clock::now();
  const Result r = sweep(s, *machine, range);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cout << s.name << " on " << dut << ": " << r.run << " of " << s.cases << " cases, " << r.comparisons
            << " comparisons, " << r.cycles << " cycles, " << r.wrong << " wrong, " << seconds << " s, from "
            << range.from << ", seed " << range.seed << "\n";
  for (const std::string& message : r.messages) std::cout << "  " << message << "\n";
  if (r.run == 0 || r.comparisons == 0) std::cout << "  nothing was compared\n";
  return r.passed() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string name, dut, format, bug;
  Sweep range;
  po::options_description options("access_space: cases of a space, each compared with its expectation");
  options.add_options()("help", "this text")("list", "the spaces and their sizes")(
      "space", po::value(&name)->default_value("access"), "which space")(
      "dut", po::value(&dut)->default_value("mmu"), "walk, arch, tlm, mmu, mmu-tiny, mmu-bugs or a library's path")(
      "format", po::value(&format), "refuse a space of another page-table format")(
      "from", po::value(&range.from), "first case")("count", po::value(&range.count), "cases from there on")(
      "sample", po::value(&range.sample), "about so many of them")("seed", po::value(&range.seed), "of the sample")(
      "bug", po::value(&bug), "seeded bug of the library")("no-twin", "without the exact check");
  po::variables_map given;
  try {
    po::store(po::parse_command_line(argc, argv, options), given);
    po::notify(given);
    if (given.count("help") != 0) return std::cout << options, 0;
    if (given.count("list") != 0) return list();
    const Space& s = space(name);
    if (!format.empty() && format != arch::name(s.format)) {
      throw tb::UserError("space " + name + " is of format " + std::string(arch::name(s.format)) + ", not " + format);
    }
    return run(s, dut, bug, given.count("no-twin") == 0, range);
  } catch (const std::exception& error) {
    std::cerr << "access_space: " << error.what() << "\n";
    return 2;
  }
}

extern "C" int sc_main(int, char**) { return 0; }
