# Configures, builds and runs the consumer project from nothing; tests/CMakeLists.txt passes the variables.
file(REMOVE_RECURSE ${BINARY_DIR})
set(options --no-warn-unused-cli -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER}
            -DWAY=${WAY} -DROWGRAD_SOURCE_DIR=${ROWGRAD_SOURCE_DIR})
if(EIGEN)
  list(APPEND options -DFETCHCONTENT_SOURCE_DIR_EIGEN3=${EIGEN})
endif()
if(WAY STREQUAL "find_package")
  # What a user types, where no package but Eigen is to be had and nothing can be downloaded.
  set(unavailable -DFETCHCONTENT_FULLY_DISCONNECTED=ON)
  foreach(package IN ITEMS doctest CLI11 benchmark)
    list(APPEND unavailable -DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON)
  endforeach()
  execute_process(COMMAND ${CMAKE_COMMAND} --no-warn-unused-cli -S ${ROWGRAD_SOURCE_DIR} -B ${BINARY_DIR}/rowgrad
                          -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER} ${unavailable}
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${BINARY_DIR}/rowgrad COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BINARY_DIR}/rowgrad --prefix ${BINARY_DIR}/prefix
                  COMMAND_ERROR_IS_FATAL ANY)
  list(APPEND options -DCMAKE_PREFIX_PATH=${BINARY_DIR}/prefix)
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${BINARY_DIR}/build ${options}
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BINARY_DIR}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${BINARY_DIR}/build/consumer OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "sum 10\n")
  message(FATAL_ERROR "The consumer should print 'sum 10', and printed '${output}'")
endif()
