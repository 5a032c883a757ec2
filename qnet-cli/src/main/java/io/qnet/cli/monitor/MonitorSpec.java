package io.qnet.cli.monitor;

import io.qnet.option.ChardevSpec;

/**
 * A monitor that the command line asks for.
 *
 * @param source the option and its argument, for messages
 * @param qmp whether it speaks QMP
 * @param chardev what it talks through
 */
public record MonitorSpec(String source, boolean qmp, ChardevSpec chardev) {}
