/**
 * What the integration tests stand on: real peers started as child processes, each bounded in time, each ended by its
 * own handle, each leaving its output in the failure's message. Nothing here knows qnet's insides; the program under
 * test is started as its users start it.
 *
 * <p>All traffic stays on the loopback interface or inside namespaces that a fixture creates.
 */
@NullMarked
package io.qnet.it.support;

import org.jspecify.annotations.NullMarked;
