//===- HeddleOps.td - all ops of the dialect -*- tablegen -*-===//

include "HeddleModel.td"
include "HeddleMath.td"
include "HeddleFused.td"
include "HeddleKernel.td"
