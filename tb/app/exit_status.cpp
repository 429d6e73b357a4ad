// SPDX-License-Identifier: Apache-2.0
//
// One place that knows every exception of the program.
#include "tb/app/exit_status.h"

#include <iostream>
#include <new>

#include "sw/core/errors.h"
#include "sw/trace/event.h"
#include "tb/errors.h"

namespace kilburn::tb {
namespace {

int say(const char* what, int status) {
  std::cerr << "kilburn: " << what << "\n";
  return status;
}

}  // namespace

int exit_status(const std::function<int()>& body) {
  try {
    return body();
  } catch (const UserError& e) {
    return say(e.what(), 2);
  } catch (const os::UserError& e) {  // too few frames, a full swap area
    return say(e.what(), 2);
  } catch (const os::TraceError& e) {
    return say(e.what(), 2);
  } catch (const std::bad_alloc&) {
    return say("out of memory", 3);
  } catch (const std::exception& e) {
    return say(e.what(), 3);
  }
}

}  // namespace kilburn::tb
