#include "tests/unit/uarch/rig.h"
