// SPDX-License-Identifier: Apache-2.0
//
// Runs the program in a folder of its own and gives back everything it left.
#pragma once

#include <boost/json.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/start_dir.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace kilburn::test {

inline std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

struct Ran {
  int status = -1;
  std::string out, err;
};

// A fresh folder, removed at the end of the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kilburn-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  Ran run(const std::vector<std::string>& words) const {
    namespace bp = boost::process;
    bp::child child(KILBURN_PROGRAM, bp::args(words), bp::start_dir(path_.string()),
                    bp::std_in<bp::null, bp::std_out>(path_ / "out.txt").string(),
                    bp::std_err > (path_ / "err.txt").string());
    child.wait();
    const Ran ran{child.exit_code(), contents(path_ / "out.txt"), contents(path_ / "err.txt")};
    std::filesystem::remove(path_ / "out.txt");
    std::filesystem::remove(path_ / "err.txt");
    return ran;
  }
  bool empty() const { return std::filesystem::is_empty(path_); }
  boost::json::object result(const std::string& folder) const {
    return boost::json::parse(contents(path_ / folder / "result.json")).as_object();
  }

 private:
  std::filesystem::path path_;
};

inline std::uint64_t figure(const boost::json::object& result, const char* group, const char* name) {
  const auto& figures = result.at(group).as_object();
  return figures.contains(name) ? figures.at(name).to_number<std::uint64_t>() : 0;
}

}  // namespace kilburn::test
