// SPDX-License-Identifier: Apache-2.0
//
// Runs the program in a folder of its own and gives back everything it left.
#pragma once

#include <boost/json.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/start_dir.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/folder.h"

namespace kilburn::test {

struct Ran {
  int status = -1;
  std::string out, err;
};

// Where the program runs.
class Folder : public ScratchFolder {
 public:
  Ran run(const std::vector<std::string>& words) const {
    namespace bp = boost::process;
    bp::child child(KILBURN_PROGRAM, bp::args(words), bp::start_dir(path().string()),
                    bp::std_in<bp::null, bp::std_out>(path() / "out.txt").string(),
                    bp::std_err > (path() / "err.txt").string());
    child.wait();
    const Ran ran{child.exit_code(), contents(path() / "out.txt"), contents(path() / "err.txt")};
    std::filesystem::remove(path() / "out.txt");
    std::filesystem::remove(path() / "err.txt");
    return ran;
  }
  bool empty() const { return std::filesystem::is_empty(path()); }
  boost::json::object result(const std::string& folder) const {
    return boost::json::parse(contents(path() / folder / "result.json")).as_object();
  }
};

// Runs a script in the folder, with mounts of its own that nobody else sees; nullopt if users may not do that here.
inline std::optional<Ran> run_with_mounts(const Folder& folder, const std::string& script) {
  namespace bp = boost::process;
  bp::child probe("/usr/bin/unshare", "-rm", "true", bp::std_err > bp::null);
  probe.wait();
  if (probe.exit_code() != 0) return std::nullopt;
  bp::child child("/usr/bin/unshare", "-rm", "sh", "-c", script, bp::start_dir(folder.path().string()),
                  bp::std_out > (folder / "out.txt").string(), bp::std_err > (folder / "err.txt").string());
  child.wait();
  return Ran{child.exit_code(), contents(folder / "out.txt"), contents(folder / "err.txt")};
}

inline std::uint64_t figure(const boost::json::object& result, const char* group, const char* name) {
  const auto& figures = result.at(group).as_object();
  return figures.contains(name) ? figures.at(name).to_number<std::uint64_t>() : 0;
}

}  // namespace kilburn::test
