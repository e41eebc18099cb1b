//===- Cores.h - how many threads are worth their while ---------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_ENGINE_CORES_H
#define HEDDLE_RUNTIME_ENGINE_CORES_H

namespace heddle {

/// The physical cores that this process may use: by its affinity, its control group's quota, and counting
/// threads that share a core once. At least 1.
unsigned availableCores();

/// From now on the calling thread has a tenth of what others have of a processor that is short.
void giveWay();

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_CORES_H
