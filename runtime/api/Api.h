//===- Api.h - the C interface's implementation -----------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_API_API_H
#define HEDDLE_RUNTIME_API_API_H

#include "runtime/api/Table.h"

namespace heddle {

/// The table of this program (see linkedProgram). No exception passes through its functions.
const heddle_api_table &apiTable();

} // namespace heddle

#endif // HEDDLE_RUNTIME_API_API_H
