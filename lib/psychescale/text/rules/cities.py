"""Towns that "from", "in" and the like introduce often enough to be worth a list."""

from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().replace("_", " ") for name in text.split())


CITIES: Final = _names(
    # United States
    "new_york new_york_city nyc los_angeles chicago houston phoenix philadelphia san_antonio san_diego"
    " dallas san_jose austin jacksonville fort_worth columbus charlotte san_francisco indianapolis seattle"  # noqa: E501
    " denver boston el_paso nashville detroit oklahoma_city portland las_vegas memphis louisville baltimore"  # noqa: E501
    " milwaukee albuquerque tucson fresno sacramento kansas_city mesa atlanta omaha colorado_springs raleigh"  # noqa: E501
    " miami long_beach virginia_beach oakland minneapolis tulsa tampa arlington new_orleans wichita cleveland"  # noqa: E501
    " bakersfield aurora anaheim honolulu santa_ana riverside corpus_christi lexington stockton henderson"  # noqa: E501
    " saint_paul st._paul cincinnati st._louis saint_louis pittsburgh greensboro lincoln anchorage plano"  # noqa: E501
    " orlando irvine newark durham chula_vista toledo fort_wayne st._petersburg laredo jersey_city chandler"  # noqa: E501
    " madison lubbock scottsdale reno buffalo gilbert glendale winston-salem chesapeake norfolk fremont"
    " garland irving hialeah richmond boise spokane baton_rouge tacoma san_bernardino modesto fontana"
    " des_moines santa_clarita birmingham oxnard fayetteville rochester yonkers worcester salt_lake_city"  # noqa: E501
    " little_rock augusta grand_rapids tallahassee huntsville knoxville providence chattanooga fort_lauderdale"  # noqa: E501
    " springfield syracuse dayton eugene salem savannah bronx brooklyn manhattan queens staten_island harlem"  # noqa: E501
    " westchester long_island charleston hartford new_haven ann_arbor cambridge berkeley pasadena burlington"  # noqa: E501
    " albany akron santa_fe boulder fargo sioux_falls billings cheyenne santa_monica palo_alto santa_barbara"  # noqa: E501
    " beverly_hills hollywood malibu naples sarasota boca_raton key_west galveston amarillo waco hoboken"  # noqa: E501
    " washington_dc washington_d.c. bethesda evanston flagstaff silicon_valley bay_area"
    # Canada, Australia, New Zealand
    " toronto montreal montréal vancouver calgary edmonton ottawa winnipeg quebec_city hamilton halifax"
    " mississauga saskatoon regina sydney melbourne brisbane perth adelaide canberra hobart darwin"
    " gold_coast newcastle wollongong geelong auckland wellington christchurch dunedin"
    # British Isles
    " london birmingham manchester glasgow liverpool leeds sheffield edinburgh bristol cardiff belfast"
    " leicester coventry nottingham bradford newcastle sunderland brighton hull plymouth southampton"
    " portsmouth oxford cambridge york bath aberdeen dundee swansea derby stoke wolverhampton norwich exeter"  # noqa: E501
    " reading luton blackpool bournemouth dublin cork galway limerick camden croydon"
    # Europe
    " berlin hamburg munich münchen cologne köln frankfurt stuttgart düsseldorf dortmund essen leipzig bremen"  # noqa: E501
    " dresden hannover nuremberg nürnberg bonn heidelberg freiburg vienna wien graz salzburg innsbruck zurich"  # noqa: E501
    " zürich geneva basel bern lausanne paris marseille lyon toulouse nice nantes strasbourg bordeaux lille"  # noqa: E501
    " madrid barcelona valencia seville sevilla zaragoza málaga malaga bilbao granada rome roma milan milano"  # noqa: E501
    " naples napoli turin torino palermo genoa bologna florence firenze venice amsterdam rotterdam utrecht"  # noqa: E501
    " eindhoven groningen the_hague den_haag brussels bruxelles antwerp ghent bruges lisbon lisboa porto"  # noqa: E501
    " copenhagen stockholm gothenburg malmö oslo bergen helsinki tampere reykjavik warsaw warszawa krakow"  # noqa: E501
    " kraków gdansk wroclaw prague praha brno budapest bucharest sofia athens thessaloniki zagreb belgrade"  # noqa: E501
    " ljubljana bratislava riga vilnius tallinn kyiv kiev lviv odessa moscow st._petersburg minsk istanbul"  # noqa: E501
    " ankara izmir"
    # Asia, Africa, Latin America
    " tokyo osaka kyoto yokohama seoul busan beijing shanghai shenzhen guangzhou hong_kong taipei manila"  # noqa: E501
    " bangkok hanoi saigon jakarta kuala_lumpur mumbai delhi new_delhi bangalore chennai kolkata hyderabad"  # noqa: E501
    " pune ahmedabad karachi lahore islamabad dhaka kathmandu colombo dubai abu_dhabi riyadh jeddah doha"  # noqa: E501
    " tehran baghdad damascus beirut jerusalem tel_aviv cairo alexandria casablanca lagos abuja accra nairobi"  # noqa: E501
    " kampala addis_ababa johannesburg cape_town durban pretoria mexico_city guadalajara monterrey tijuana"  # noqa: E501
    " bogota bogotá medellin medellín lima quito caracas santiago buenos_aires montevideo sao_paulo são_paulo"  # noqa: E501
    " rio_de_janeiro brasilia havana kingston"
)
"""Lower-case names of towns and well-known parts of towns."""

NOT_A_TOWN: Final = _names(
    # Countries, states and larger: the Safe Harbor allows what is not smaller than a state.
    "america usa us uk england scotland wales ireland britain germany france spain italy canada australia"  # noqa: E501
    " mexico china japan india brazil russia europe asia africa united the_us the_uk"
    " alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho"  # noqa: E501
    " illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota"
    " mississippi missouri montana nebraska nevada new_hampshire new_jersey new_mexico north_carolina"
    " north_dakota ohio oklahoma oregon pennsylvania rhode_island south_carolina south_dakota tennessee texas"  # noqa: E501
    " utah vermont virginia west_virginia wisconsin wyoming"
    # What else is capitalized after "in", "to", "at".
    " january february march april may june july august september october november december monday tuesday"  # noqa: E501
    " wednesday thursday friday saturday sunday christmas easter thanksgiving god heaven hell earth mars icu"  # noqa: E501
    " er ed or pcp gp ent i english spanish french german chinese japanese internet facebook twitter reddit"  # noqa: E501
    " youtube instagram google type stage grade level who cdc fda ada aha kdigo gold nice esc acc covid"
    " copd chf htn mri ct dvt pe mi afib hiv aids als ms"
)
"""Lower-case words and names that are no town, though a town could stand there."""
