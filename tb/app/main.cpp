// SPDX-License-Identifier: Apache-2.0
//
// The program `kilburn`: one file a subcommand. Exit status 0 passed, 1 the DUT is wrong, 2 the input
// is wrong, 3 the environment failed, 130 interrupted.
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "sw/core/errors.h"
#include "sw/trace/event.h"
#include "tb/app/capture.h"
#include "tb/app/check_adapter.h"
#include "tb/app/convert.h"
#include "tb/app/coverage.h"
#include "tb/app/explain.h"
#include "tb/app/list.h"
#include "tb/app/mutate.h"
#include "tb/app/plan.h"
#include "tb/app/regress.h"
#include "tb/app/report.h"
#include "tb/app/run.h"
#include "tb/app/shrink.h"
#include "tb/app/waves.h"
#include "tb/errors.h"

namespace {

constexpr const char* kUsage =
    "Usage: kilburn COMMAND [options]\n"
    "\n"
    "  run      one test: a program, a trace, a random test, recorded vectors or a guest memory dump,\n"
    "           on a DUT in lockstep with the reference\n"
    "  explain  one translation in words: each level's entry, the rights, the decision, the rule\n"
    "  shrink   the smallest directed test that fails as a run did\n"
    "  waves    the waveform of a run: viewer, timing diagram, difference of two\n"
    "  convert  a trace of a program to another format; what it holds\n"
    "  list     tests, workloads, DUTs, formats, seeded bugs, what runs of the OS are audited for\n"
    "  check-adapter\n"
    "           does the adapter of a DUT library keep the contract and the protocol\n"
    "  regress  a list of tests, many at a time, to one verdict\n"
    "  report   the reports of a regression, written again\n"
    "  plan     which requirement is shown by which tests\n"
    "  coverage functional coverage of runs: what was hit, holes, ranking, trend\n"
    "  mutate   every seeded bug under the random test: which check rejects it, after how many responses\n"
    "\n"
    "kilburn COMMAND --help says more.\n";

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::cerr << kUsage;
    return 2;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    std::cout << kUsage;
    return 0;
  }
  if (words[0] == "--version") {
    std::cout << "kilburn " KILBURN_VERSION "\n";
    return 0;
  }
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (words[0] == "run") return kilburn::tb::run_command(rest);
  if (words[0] == "explain") return kilburn::tb::explain_command(rest, kilburn::tb::capture_run);
  if (words[0] == "shrink") return kilburn::tb::shrink_command(rest);
  if (words[0] == "waves") return kilburn::tb::waves_command(rest);
  if (words[0] == "convert") return kilburn::tb::convert_command(rest);
  if (words[0] == "list") return kilburn::tb::list_command(rest);
  if (words[0] == "check-adapter") return kilburn::tb::check_adapter_command(rest);
  if (words[0] == "regress") return kilburn::tb::regress_command(rest);
  if (words[0] == "report") return kilburn::tb::report_command(rest);
  if (words[0] == "plan") return kilburn::tb::plan_command(rest);
  if (words[0] == "coverage") return kilburn::tb::coverage_command(rest);
  if (words[0] == "mutate") return kilburn::tb::mutate_command(rest);
  throw kilburn::tb::UserError(
      "there is no command \"" + words[0] +
      "\"; there are: run, explain, shrink, waves, convert, list, check-adapter, regress, report, plan, coverage, "
      "mutate");
}

}  // namespace

// libsystemc's own main() would call this; kilburn elaborates from its own main() instead.
extern "C" int sc_main(int, char**) { return 3; }

int main(int argc, char** argv) {
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (const kilburn::tb::UserError& e) {
    std::cerr << "kilburn: " << e.what() << "\n";
    return 2;
  } catch (const kilburn::os::UserError& e) {  // too few frames, a full swap area
    std::cerr << "kilburn: " << e.what() << "\n";
    return 2;
  } catch (const kilburn::os::TraceError& e) {
    std::cerr << "kilburn: " << e.what() << "\n";
    return 2;
  } catch (const std::bad_alloc&) {
    std::cerr << "kilburn: out of memory\n";
    return 3;
  } catch (const std::exception& e) {
    std::cerr << "kilburn: " << e.what() << "\n";
    return 3;
  }
}
