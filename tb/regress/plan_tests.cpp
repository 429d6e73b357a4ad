// SPDX-License-Identifier: Apache-2.0
//
// CTest's tests: what is registered, and what a JUnit file says of those that ran.
#include <boost/json.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "tb/errors.h"
#include "tb/regress/files.h"
#include "tb/regress/test_plan.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
namespace bp = boost::process;
namespace pt = boost::property_tree;
using tb::EnvironmentError;
using tb::UserError;

namespace {

// CMake drops the space of the prefix "directed: ".
std::string with_space(std::string name) {
  const auto colon = name.find(':');
  if (colon != std::string::npos && colon + 1 < name.size() && name[colon + 1] != ' ') name.insert(colon + 1, " ");
  return name;
}

void take_cases(const pt::ptree& suite, TestStates& states) {
  for (const auto& [tag, child] : suite) {
    if (tag == "testsuite") take_cases(child, states);
    if (tag != "testcase") continue;
    const std::string name = with_space(child.get<std::string>("<xmlattr>.name"));
    const bool failed = child.count("failure") != 0 || child.count("error") != 0;
    TestState& state = states.emplace(name, TestState::not_run).first->second;
    if (failed)
      state = TestState::failed;
    else if (child.count("skipped") == 0 && state == TestState::not_run)
      state = TestState::passed;
  }
}

}  // namespace

TestStates ctest_states(const fs::path& junit) {
  std::istringstream text(read_file(junit));
  TestStates states;
  try {
    pt::ptree xml;
    pt::read_xml(text, xml);
    take_cases(xml, states);
  } catch (const pt::ptree_error& e) {
    throw UserError(junit.string() + " is no JUnit file: " + e.what());
  }
  if (states.empty()) throw UserError(junit.string() + " is no JUnit file with tests");
  return states;
}

Registered registered_tests(const fs::path& build) {
  std::error_code ec;
  if (!fs::exists(build / "CTestTestfile.cmake", ec)) {
    throw UserError("the folder " + build.string() + " is no build folder with tests");
  }
  const auto program = bp::search_path("ctest");
  if (program.empty()) throw EnvironmentError("ctest is not installed: the tests of a build cannot be listed");
  bp::ipstream out;
  bp::child child(program, bp::args({"--test-dir", build.string(), "-C", "nightly", "--show-only=json-v1"}),
                  bp::std_in<bp::null, bp::std_out> out, bp::std_err > bp::null, ec);
  if (ec) throw EnvironmentError("ctest cannot be started: " + ec.message());
  std::ostringstream text;
  text << out.rdbuf();
  child.wait(ec);
  Registered found;
  try {
    const boost::json::value value = boost::json::parse(text.str());
    for (const auto& test : value.at("tests").as_array()) {
      const std::string name(test.at("name").as_string());
      // Catch2's module names it so, and puts a hash of the folder behind it.
      const auto not_built = name.find("_NOT_BUILT");
      if (not_built != std::string::npos && name.find(':') == std::string::npos)
        found.not_built.insert(name.substr(0, not_built));
      else
        found.tests.insert(with_space(name));
    }
  } catch (const std::exception& e) {
    throw EnvironmentError("ctest does not list the tests of " + build.string() + ": " + e.what());
  }
  return found;
}

}  // namespace kilburn::regress
