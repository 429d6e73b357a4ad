// SPDX-License-Identifier: Apache-2.0
//
// The first rejection in words.
#include "tb/admissible/lockstep_monitor.h"

namespace kilburn::admissible {

tb::PassiveMonitor::Finding LockstepMonitor::finding() const {
  const auto& rejections = checker_.rejections();
  if (rejections.empty()) return {};
  const Rejection& first = rejections.front();
  std::string message = first.rule + ": " + first.message;
  for (const std::string& line : first.details) message += "\n  " + line;
  Finding found{message, first.cycle};
  if (first.asked) {
    found.request.emplace();
    found.request->cycle = cycle_of(first.asked->accepted);
    found.request->request = first.asked->request;
    found.request->context = first.asked->context;
  }
  return found;
}

}  // namespace kilburn::admissible
