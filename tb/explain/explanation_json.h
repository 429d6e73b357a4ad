// SPDX-License-Identifier: Apache-2.0
//
// An explanation for machines.
#pragma once

#include <boost/json/object.hpp>

#include "tb/explain/explanation.h"

namespace kilburn::tb {

boost::json::object json(const Explanation&);

}  // namespace kilburn::tb
